"""One run: a cluster under load, every node and worker replaced, and the account of it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from app.db import Database
from app.streams.stream import streams
from tests.cluster.rolling.operations import Operations
from tests.cluster.rolling.release import Release
from tests.support.cluster import ROOT, Cluster, running_cluster
from tests.support.people import Person, Registered
from tests.support.servers import mariadb_server, redis_server

DATABASE = "rolling"
NODES, WORKERS = 3, 2
SOCKETS_OF_EACH = 4
MIGRATE_TIMEOUT_S = 120
REGISTERED_WITHIN_S = 180.0


@dataclass(frozen=True)
class Load:
    """`drain_s`: in how long a node sends its sockets elsewhere."""

    sockets: int
    operations_per_s: float
    drain_s: float
    # Before the first node is replaced, and after the last.
    calm_s: float


@dataclass(frozen=True)
class Report:
    operations: int
    failed: int
    refusals: list[str]
    slowest_s: float
    sockets: int
    events: int
    interruptions: int
    told_of_drain: int
    longest_s: float
    # Of all interruptions, how many ended within the second in which most did.
    returns_in_a_second: int
    problems: list[str]

    def __str__(self) -> str:
        lines = [
            f"operations      {self.operations}, failed {self.failed}, slowest {self.slowest_s:.2f} s",
            f"sockets         {self.sockets}, events shown {self.events}, problems {len(self.problems)}",
            f"interruptions   {self.interruptions}, told before {self.told_of_drain}, longest {self.longest_s:.1f} s, "
            f"most that ended within one second {self.returns_in_a_second}",
        ]
        return "\n".join([*lines, *self.refusals, *self.problems[:20]])


def run(load: Load, *, since: str | None, say: Callable[[str], None]) -> Report:
    """`since`: the revision whose program and schema the cluster starts with; its database is migrated under load.
    Without it the same program comes again."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="saldo-rolling-")))
        release = Release(folder, since) if since else None
        database = stack.enter_context(mariadb_server())
        redis = stack.enter_context(redis_server())
        env = {"DRAIN_S": f"{load.drain_s:g}", **(release.env if release else {})}
        cluster = stack.enter_context(
            running_cluster(
                database_url=database.create_database(DATABASE),
                redis_url=redis.url,
                nodes=NODES,
                workers=WORKERS,
                env=env,
                root=release.root if release else ROOT,
            )
        )
        people = _people(cluster.url, load.sockets // SOCKETS_OF_EACH)
        operations = Operations(cluster.url, people, per_s=load.operations_per_s)
        operations.endow()
        pages = stack.enter_context(pages_of(cluster.url, people, SOCKETS_OF_EACH))
        operations.start()
        stack.callback(operations.stop)
        say(f"{load.sockets} sockets, {load.operations_per_s:g} operations a second")
        _hold(load.calm_s)
        if release is not None:
            release.replace()
            _migrate(cluster, release)
            say("migrated; every process is still an old one")
            _hold(load.calm_s)
        for name in (*(f"web{n + 1}" for n in range(NODES)), *(f"worker{n + 1}" for n in range(WORKERS))):
            _replace(cluster, name)
            say(f"{name} is replaced")
        _hold(load.calm_s)
        operations.stop()
        return _report(load, operations, pages.findings(_heads(cluster, people)))


def _hold(duration_s: float) -> None:
    """Let the load go on for so long."""
    signal.sigtimedwait([], duration_s)


def _replace(cluster: Cluster, name: str) -> None:
    pid = cluster.pid(name)
    os.kill(pid, signal.SIGTERM)
    cluster.wait_restarted(name, pid)


def _migrate(cluster: Cluster, release: Release) -> None:
    """As an operator does, with the new program."""
    env = {**os.environ, **release.env, "DATABASE_URL": cluster.database(), "REDIS_URL": cluster.redis()}
    subprocess.run(
        [sys.executable, "-m", "worker", "migrate"], cwd=release.root, env=env, check=True, timeout=MIGRATE_TIMEOUT_S
    )


def _people(url: str, count: int) -> list[Registered]:
    """By HTTP, since only the program of before knows its own tables. Passwords have their pace (`app.users.attempts`),
    so some are asked to come again."""
    people: list[Registered] = []
    until = time.monotonic() + REGISTERED_WITHIN_S
    while len(people) < count:
        assert time.monotonic() < until, f"{len(people)} of {count} people could register"
        with suppress(AssertionError):
            person = Person(url)
            people.append(Registered(person.id, person.account, person.token))
    return people


class Pages:
    """The process of all sockets."""

    def __init__(self, process: subprocess.Popen[bytes], inward: IO[bytes], outward: IO[bytes]) -> None:
        self._process = process
        self._inward, self._outward = inward, outward

    def say(self, line: object) -> None:
        self._inward.write(json.dumps(line).encode() + b"\n")
        self._inward.flush()

    def hear(self) -> str:
        return self._outward.readline().decode().strip()

    def findings(self, heads: dict[int, int]) -> dict[str, Any]:
        self.say(heads)
        found: dict[str, Any] = json.loads(self.hear())
        return found


@contextmanager
def pages_of(url: str, people: Sequence[Registered], each: int) -> Iterator[Pages]:
    """So many sockets of each, all authenticated."""
    command = [sys.executable, "-m", "tests.cluster.rolling.sockets", url]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        try:
            pages = Pages(process, process.stdin, process.stdout)
            pages.say([[person.id, person.token] for person in people for _ in range(each)])
            assert pages.hear() == "ready"
            yield pages
        finally:
            process.kill()


def _heads(cluster: Cluster, people: Sequence[Registered]) -> dict[int, int]:
    db = Database(cluster.database())
    try:
        heads = db.read(streams.head_of_each, [person.id for person in people])
        return {person.id: heads[person.id].seq for person in people}
    finally:
        db.dispose()


def _report(load: Load, operations: Operations, found: dict[str, Any]) -> Report:
    seconds = Counter(int(moment) for moment in found["returns_at"])
    return Report(
        operations=operations.outcomes.total(),
        failed=operations.failed,
        refusals=operations.refusals,
        slowest_s=max(operations.took_s, default=0.0),
        sockets=load.sockets,
        events=found["events"],
        interruptions=len(found["lost_s"]),
        told_of_drain=found["told_of_drain"],
        longest_s=max(found["lost_s"], default=0.0),
        returns_in_a_second=max(seconds.values(), default=0),
        problems=found["problems"],
    )
