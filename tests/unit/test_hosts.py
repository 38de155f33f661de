"""What deploy/ has for several hosts: units, compose files, nginx. That it works: `make hosts-test`."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import Settings, Stores
from deploy.local import binaries
from tests.support.cluster import ROOT
from tests.support.hosts import nginx_example

UNITS = sorted((ROOT / "deploy/systemd").glob("saldo-vivo*"))
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
HARDENED = {
    "DynamicUser=yes",
    "LimitNOFILE=65536",
    "MemoryMax=1G",
    "NoNewPrivileges=yes",
    "PrivateTmp=yes",
    "ProtectSystem=strict",
    "TasksMax=256",
}
# The unit's own, no setting of the program: the address to listen on.
OF_THE_UNIT = {"HOST_ADDRESS"}
DRAIN_AND_REQUESTS_S = 20 + 8


def _variables(name: str) -> dict[str, str]:
    text = (ROOT / "deploy/systemd" / name).read_text()
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_systemd_takes_each_unit(tmp_path: Path) -> None:
    for unit in UNITS:
        # Whether the programs are there is looked at too.
        (tmp_path / unit.name).write_text(unit.read_text().replace("/srv/saldo-vivo", str(ROOT)))
    names = [str(tmp_path / unit.name.replace("@.", "@8001.")) for unit in UNITS]

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *names],
        check=False,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_service_is_nobody_is_bounded_and_can_change_nothing_of_its_host(unit: Path) -> None:
    assert set(unit.read_text().splitlines()) >= HARDENED


def test_systemd_waits_for_a_node_longer_than_its_sockets_and_requests_need() -> None:
    unit = (ROOT / "deploy/systemd/saldo-vivo-web@.service").read_text()

    assert _variables("web.env.example")["DRAIN_S"] == "20"
    assert int(re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)[0]) > DRAIN_AND_REQUESTS_S


def test_every_setting_of_the_units_is_one_of_the_program() -> None:
    known = {name.upper() for name in Settings.model_fields}
    for name in ("env.example", "web.env.example", "worker.env.example", "migrate.env.example"):
        assert set(_variables(name)) - OF_THE_UNIT <= known, name


def test_the_examples_start_a_node_and_a_worker_once_the_secrets_are_filled_in() -> None:
    common = {**_variables("env.example"), "BUS_KEYS": "k" * 32}
    web = {**common, **_variables("web.env.example"), "JWT_SECRET": "s" * 32, "NODE_ID": "a-8001"}
    worker = {**common, **_variables("worker.env.example")}

    assert Settings(**_fields(web)).drain_s == 20
    assert Stores(**_fields(worker)).retention_days == 400


@pytest.mark.parametrize("name", ["BUS_KEYS", "JWT_SECRET"])
def test_nobody_starts_with_a_secret_of_the_examples(name: str) -> None:
    filled = {"BUS_KEYS": "k" * 32, "JWT_SECRET": "s" * 32, name: "CHANGE-ME"}
    assert {**_variables("env.example"), **_variables("web.env.example")}[name] == "CHANGE-ME"
    with pytest.raises(ValueError, match="needs at least 32 bytes"):
        Settings(**_fields({**_variables("env.example"), **_variables("web.env.example"), **filled}))


def _fields(variables: dict[str, str]) -> dict[str, Any]:
    return {name.lower(): value for name, value in variables.items()}


def test_nginx_takes_what_the_example_makes_and_knows_each_node_by_its_name(tmp_path: Path) -> None:
    env = {
        **nginx_example(),
        "NGINX_DIRECTORY": str(tmp_path),
        "NGINX_ACCESS_LOG": str(tmp_path / "access.log"),
        "NGINX_USER": "user root;" if os.geteuid() == 0 else "",
        "PATH": f"{Path(binaries.nginx()).parent}:{os.environ['PATH']}",
    }

    done = subprocess.run(
        ["sh", str(ROOT / "nginx/entrypoint.sh"), "-t"], env=env, check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    written = (tmp_path / "saldo-vivo.conf").read_text()
    groups = dict(re.findall(r"^upstream (\S+) \{\n((?:    .*\n)*)\}", written, re.MULTILINE))
    servers = {name: re.findall(r"server (\S+) max_fails=0;", text) for name, text in groups.items()}
    one_by_one = {
        "a-8001": ["10.0.1.11:8001"],
        "a-8002": ["10.0.1.11:8002"],
        "b-8001": ["10.0.1.12:8001"],
        "b-8002": ["10.0.1.12:8002"],
    }
    every = [server for servers_of_one in one_by_one.values() for server in servers_of_one]
    assert servers == {"web": every, "handshakes": every, **one_by_one}
    assert "least_conn" in groups["handshakes"]
    assert r'"~^(?<saldo_vivo_node>a-8001|a-8002|b-8001|b-8002)\." $saldo_vivo_node;' in written


COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OF_HOSTS: dict[str, Any] = {
    path.name: yaml.safe_load(path.read_text()) for path in sorted((ROOT / "deploy/hosts").glob("compose.*.yml"))
}
# Service on several hosts → the file that has it, and what it is in docker-compose.yml.
PLACES = {
    "nginx": ("compose.nginx.yml", "nginx"),
    "web-8001": ("compose.web.yml", "web"),
    "web-8002": ("compose.web.yml", "web"),
    "worker": ("compose.worker.yml", "worker"),
    "migrate": ("compose.stores.yml", "migrate"),
    "redis": ("compose.stores.yml", "redis"),
    "mariadb": ("compose.stores.yml", "mariadb"),
}
# Where a host is and whom it knows, which one machine with networks of its own says in another way.
OF_THE_PLACE = {"networks", "ports", "extra_hosts", "depends_on", "environment"}


def test_every_service_has_its_place_on_some_host() -> None:
    placed = {(file, name) for file, whole in OF_HOSTS.items() for name in whole["services"]}
    assert placed == {(file, name) for name, (file, _) in PLACES.items()}


@pytest.mark.parametrize("name", PLACES)
def test_on_several_hosts_a_service_is_what_it_is_on_one(name: str) -> None:
    file, same = PLACES[name]
    there, here = OF_HOSTS[file]["services"][name], COMPOSE["services"][same]

    assert {key: there[key] for key in there.keys() - OF_THE_PLACE} == {
        key: here[key] for key in here.keys() - OF_THE_PLACE
    }
    env, wanted = there.get("environment", {}), here.get("environment", {})
    nodes_of_nginx = {"NGINX_UPSTREAMS", "NGINX_WEB", "NGINX_HANDSHAKES", "NGINX_NODE_PATTERN", "NGINX_NODE_PORT"}
    own = {"NODE_ID", "NGINX_NODES"} | nodes_of_nginx
    assert {k: v for k, v in env.items() if k not in own} == {k: v for k, v in wanted.items() if k not in own}


@pytest.mark.parametrize("file", OF_HOSTS)
def test_a_host_has_the_secrets_of_its_services_and_no_others(file: str) -> None:
    whole = OF_HOSTS[file]
    used = {secret for service in whole["services"].values() for secret in service.get("secrets", [])}

    assert whole.get("secrets", {}) == {name: COMPOSE["secrets"][name] for name in used}


def test_nothing_but_nginx_listens_where_others_than_the_private_network_reach_it() -> None:
    for whole in OF_HOSTS.values():
        for name, service in whole["services"].items():
            if name != "nginx":
                ports = service.get("ports", [])
                assert all(port.startswith("${HOST_ADDRESS:?") for port in ports), name
