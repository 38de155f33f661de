"""python -m tests.cluster.hosts [--seed S]: as root. Everything that it starts is in network namespaces of its own."""

import argparse
import os
import random
import secrets
import shutil
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import click

from tests.cluster.chaos.audit import Auditor
from tests.cluster.chaos.bank_operator import BankOperator
from tests.cluster.chaos.lab import at_work
from tests.cluster.chaos.network import ClientLink, Network
from tests.cluster.chaos.record import Record
from tests.cluster.chaos.report import Report
from tests.cluster.chaos.run import take_all
from tests.cluster.chaos.stores import OneOfEach
from tests.cluster.hosts.network import Hosts
from tests.cluster.hosts.parts import NGINX_PORT, bank, stores
from tests.cluster.hosts.splits import STEPS, HostsLab
from tests.support.cluster import ROOT
from tests.support.servers import folder

DATABASE = "hosts"
MIGRATE_TIMEOUT_S = 120.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.hosts")
    parser.add_argument("--seed", default=os.environ.get("SEED") or secrets.token_hex(4))
    parser.add_argument("--within", help="the run whose namespaces there are already, in which this is `people`")
    options = parser.parse_args()
    if options.within:
        return _inside(Hosts(options.within), options.seed)
    if os.geteuid() != 0 or not shutil.which("ip"):
        parser.error("network namespaces need root, and iproute2")
    click.echo(f"seed {options.seed}")
    with Hosts() as hosts:
        itself = [sys.executable, "-m", "tests.cluster.hosts", "--seed", options.seed, "--within", hosts.run]
        return subprocess.run([*hosts.on("people"), *itself], cwd=ROOT, check=False).returncode


def _inside(hosts: Hosts, seed: str) -> int:
    """On the people's host."""
    with folder("saldo-hosts-") as directory:
        report = _run(hosts, directory, seed)
    click.echo(f"\n{report}")
    return 1 if report.problems else 0


def _run(hosts: Hosts, directory: Path, seed: str) -> Report:
    record = Record()
    with record.stalls.watching(), ExitStack() as stack:
        network = stack.enter_context(Network())
        mariadb, redis = stack.enter_context(stores(hosts, directory))
        database_url = mariadb.create_database(DATABASE)
        _migrate(database_url, redis.url)
        cluster = stack.enter_context(bank(hosts, directory, database_url=database_url, redis_url=redis.url))
        auditor = Auditor(mariadb, DATABASE, record)
        operator = BankOperator(mariadb, DATABASE, cluster, record)
        chance = random.Random(f"{seed} faults")
        lab = HostsLab(cluster, OneOfEach(mariadb, redis), auditor, operator, record, chance)
        stack.enter_context(at_work(lab, partial(ClientLink, network, NGINX_PORT, cluster.front), seed))
        return take_all(lab, seed, STEPS, say=click.echo)


def _migrate(database_url: str, redis_url: str) -> None:
    env = {**os.environ, "DATABASE_URL": database_url, "REDIS_URL": redis_url}
    subprocess.run(
        [sys.executable, "-m", "worker", "migrate"], cwd=ROOT, env=env, check=True, timeout=MIGRATE_TIMEOUT_S
    )


sys.exit(main())
