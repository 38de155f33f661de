"""What the launcher behind `make run` promises."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from deploy.local.readiness import wait_until
from tests.support.cluster import ROOT, Cluster, running_cluster
from tests.support.people import Feed
from tests.support.ports import LOOPBACK, free_port

REQUEST_TIMEOUT_S = 5.0
REFUSAL_TIMEOUT_S = 20.0
ORPHANS_TIMEOUT_S = 15.0
# What must not be in a log after nothing went wrong.
ALARMS = (
    "Traceback",
    '"level": "error"',
    '"level": "critical"',
    "ERROR",
    "CRITICAL",
    "[error]",
    "[crit]",
    "[alert]",
    "[emerg]",
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster(nodes=2) as running:
        yield running


def page_answers(cluster: Cluster) -> bool:
    try:
        return requests.get(cluster.url, timeout=REQUEST_TIMEOUT_S).status_code == 200
    except requests.RequestException:
        return False


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def descendants(pid: int) -> set[int]:
    """Every process below `pid`."""
    children = {int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _children(task)}
    return children.union(*map(descendants, children))


def _children(task: Path) -> list[str]:
    return (task / "children").read_text().split()


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


def launch_again(cluster: Cluster, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the launcher to its end, in the folder and on the port of `cluster` unless `env` says otherwise."""
    settings = {"RUN_DIR": str(cluster.run_dir), "HTTP_PORT": str(cluster.http_port), **env}
    return subprocess.run(
        [sys.executable, "-m", "deploy.local"],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=REFUSAL_TIMEOUT_S,
        check=False,
    )


def test_cluster_json_names_every_process_and_where_it_listens(cluster: Cluster) -> None:
    entries = {entry["name"]: entry for entry in cluster.processes()}

    assert set(entries) == {"nginx", "redis", "web1", "web2", "worker1"}
    assert entries["nginx"]["port"] == cluster.http_port
    assert all(entry["port"] < 32_768 for entry in entries.values())
    # Nobody else waits for the worker's start.
    wait_until(lambda: all(listens(entry["port"]) for entry in entries.values()), 20, "every port")
    assert {entry["pid"] for entry in entries.values()} <= descendants(cluster.launcher_pid)
    assert cluster.url == f"http://{LOOPBACK}:{cluster.http_port}"
    assert cluster.database().startswith("sqlite:///")
    assert cluster.redis() == f"redis://{LOOPBACK}:{entries['redis']['port']}/0"


def test_the_address_and_the_demo_login_are_printed(cluster: Cluster) -> None:
    assert cluster.url in cluster.log
    assert "admin@teste.com / senha123" in cluster.log


@pytest.mark.parametrize("name", ["web1", "worker1", "redis", "nginx"])
def test_a_part_that_dies_is_started_again_on_its_port_and_cluster_json_follows(cluster: Cluster, name: str) -> None:
    port = cluster.process(name)["port"]

    cluster.wait_restarted(name, cluster.kill(name))

    assert cluster.process(name)["port"] == port
    wait_until(lambda: page_answers(cluster), REQUEST_TIMEOUT_S, "the page")


def test_two_clusters_run_side_by_side_and_ctrl_c_stops_all_of_one(cluster: Cluster) -> None:
    with running_cluster(nodes=1) as other:
        assert other.url != cluster.url
        assert other.redis() != cluster.redis()
        assert page_answers(other)
        everything = descendants(other.launcher_pid)

        other.stop(signal.SIGINT)

        assert alive(everything) == set()
        assert [alarm for alarm in ALARMS if alarm in other.log] == []
    assert page_answers(cluster)


def test_a_second_start_in_the_same_folder_is_refused_with_one_line(cluster: Cluster) -> None:
    refused = launch_again(cluster)

    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.count("\n") == 1
    assert "RUN_DIR" in refused.stderr
    assert str(cluster.launcher_pid) in refused.stderr
    assert page_answers(cluster)


def test_a_port_that_is_taken_is_refused_with_one_line(cluster: Cluster, tmp_path: Path) -> None:
    refused = launch_again(cluster, RUN_DIR=str(tmp_path))

    assert refused.returncode == 1
    assert refused.stderr == f"saldo-vivo: port {cluster.http_port} is in use; HTTP_PORT names another\n"


@pytest.mark.parametrize(
    ("name", "value"), [("NODES", "none"), ("NODES", "0"), ("HTTP_PORT", "65536"), ("WORKERS", "2")]
)
def test_a_bad_setting_is_refused_with_one_line(cluster: Cluster, name: str, value: str, tmp_path: Path) -> None:
    refused = launch_again(cluster, **{"RUN_DIR": str(tmp_path), name: value})

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"saldo-vivo: {name}: ")
    assert refused.stderr.count("\n") == 1


def test_a_start_that_cannot_succeed_says_why_and_leaves_nothing(cluster: Cluster, tmp_path: Path) -> None:
    refused = launch_again(cluster, RUN_DIR=str(tmp_path), HTTP_PORT=str(free_port()), DATABASE_URL="nonsense://")

    assert refused.returncode == 1
    assert "saldo-vivo: prepare ended with status" in refused.stderr
    assert not (tmp_path / "cluster.json").exists()


def test_a_node_that_is_replaced_sends_its_sockets_elsewhere(cluster: Cluster) -> None:
    live, polling = (Feed(cluster.node_url("web2"), transports=(way,)) for way in ("websocket", "polling"))
    pid = cluster.pid("web2")

    os.kill(pid, signal.SIGTERM)

    # A client that polls hears of it if it asks in time.
    assert 0 <= live.wait_for("servidor_drenando").payload["reconectar_em_ms"] < 2000
    live.wait_closed()
    polling.wait_closed()
    cluster.wait_restarted("web2", pid)


def test_a_stop_leaves_no_process_and_no_error_although_clients_are_connected() -> None:
    with running_cluster(nodes=2) as cluster:
        feeds = [Feed(cluster.url, transports=(way,)) for way in ("websocket", "polling") * 2]
        everything = descendants(cluster.launcher_pid)

        cluster.stop()

        for feed in feeds:
            feed.wait_closed()
        assert alive(everything) == set()
        assert not (cluster.run_dir / "cluster.json").exists()
        assert [alarm for alarm in ALARMS if alarm in cluster.log] == []


def test_parts_do_not_outlive_a_launcher_that_was_killed_and_the_next_start_goes_on_from_there() -> None:
    with running_cluster(nodes=1) as cluster:
        everything = descendants(cluster.launcher_pid)
        secret = (cluster.run_dir / "jwt_secret").read_text()
        printed = cluster.log.count("prepare ")

        cluster.kill_launcher()
        cluster.start()

        assert {entry["pid"] for entry in cluster.processes()} <= descendants(cluster.launcher_pid)
        assert page_answers(cluster)
        wait_until(lambda: not alive(everything), ORPHANS_TIMEOUT_S, "the end of the first parts")
        assert (cluster.run_dir / "jwt_secret").read_text() == secret
        assert printed > 0
        assert cluster.log.count("prepare ") == printed, "what is prepared is not prepared again"
