"""Money: what one node does against its own SQL through the bare driver, and how soon a commit is on a screen."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.build import HERE
from bench.lab import Lab
from bench.load import Client, Http, percentile, write_requests
from bench.payload import KEY_MARK, STAMP_MARK, users
from bench.peers.ours import Ours
from bench.processes import cpu_ns
from bench.stack import ROOT, Stack, drained, stack
from tests.support.servers import DatabaseServer

USERS = 1000
REQUESTS = 4000
CONNECTIONS = 8
OFFERED_PER_S = (50, 200, 500)
WARM_UP_PER_S = 20
OFFERED_CONNECTIONS = 32


def run(lab: Lab, database: DatabaseServer) -> None:
    ours, database_pid = _bank(database, "money"), database.pid
    requests = lab.directory / "transfers"
    write_requests(requests, transfers(ours))
    with stack(ours, Path(lab.directory / "ours-money")) as running:
        running.add_nodes(1)
        Http(
            running.ports[0],
            requests,
            connections=CONNECTIONS,
            seconds=1,
            rate=0,
            dump=lab.directory / "posts",
        ).wait()
        for _ in range(lab.scale.money_rounds):
            lab.results.add("money", "transfers", "ours", **_through_a_node(lab, running, requests, database_pid))
            lab.results.add("money", "transfers", "bare", **_bare(lab, ours, database_pid))


def screen(lab: Lab, database: DatabaseServer) -> None:
    """Transfers through a node at a fixed rate, relayed by a worker to both parties' sockets."""
    ours = _bank(database, "screen")
    requests = lab.directory / "transfers"
    write_requests(requests, transfers(ours))
    with stack(ours, Path(lab.directory / "ours-screen")) as running:
        running.add_nodes(1)
        worker = running.add_worker(ours.worker_command())
        client = running.client(users(USERS))
        client.connect(USERS)
        _screen(lab, running, client, worker, WARM_UP_PER_S)
        for rate in OFFERED_PER_S:
            figures = _screen(lab, running, client, worker, rate)
            lab.results.add("screen", f"{rate} transfers a second offered", "ours", **figures)


def _bank(database: DatabaseServer, name: str) -> Ours:
    """A database of its own: what one measure leaves in the outbox is no work for the next one's worker."""
    ours = Ours(database.create_database(name))
    ours.prepare(users(USERS))
    return ours


def _through_a_node(lab: Lab, running: Stack, requests: Path, database_pid: int) -> dict[str, float]:
    before, database_before = running.cpu_ns(), cpu_ns([database_pid])
    answer = Http(
        running.ports[0],
        requests,
        connections=CONNECTIONS,
        seconds=lab.scale.window_s,
        rate=0,
        dump=lab.directory / "posts",
    ).wait()
    _must_succeed(answer)
    used, database_used = running.cpu_ns() - before, cpu_ns([database_pid]) - database_before
    return _costs(answer["answered"], answer["seconds"], used, database_used)


def _bare(lab: Lab, ours: Ours, database_pid: int) -> dict[str, float]:
    people = users(USERS)
    shape = [people.start, len(people), CONNECTIONS, int(lab.scale.window_s)]
    database_before = cpu_ns([database_pid])
    done = subprocess.run(
        [sys.executable, str(HERE / "peers/bare_sql.py"), ours.database_url, *map(str, shape)],
        check=True,
        cwd=ROOT,
        capture_output=True,
        timeout=60,
    )
    answer = json.loads(done.stdout)
    database_used = cpu_ns([database_pid]) - database_before
    return _costs(answer["operations"], answer["seconds"], answer["cpu_ns"], database_used)


def _costs(operations: float, seconds: float, used_ns: float, database_ns: float) -> dict[str, float]:
    return {
        "operations_per_s": operations / seconds,
        "cpu_us_per_operation": used_ns / 1e3 / operations,
        "database_cpu_us_per_operation": database_ns / 1e3 / operations,
    }


def _screen(lab: Lab, running: Stack, client: Client, worker: int, rate: int) -> dict[str, float]:
    client.reset()
    before, worker_before = running.cpu_ns(), cpu_ns([worker])
    posts = Http(
        running.ports[0],
        lab.directory / "transfers",
        connections=OFFERED_CONNECTIONS,
        seconds=lab.scale.window_s,
        rate=rate,
        dump=lab.directory / "posts",
    )
    answer = posts.wait()
    _must_succeed(answer)
    delivered = drained(client, int(answer["answered"]) * 2)
    seen = client.samples(lab.directory / "samples")
    answered = dict(posts.samples())
    from_request = [at - due for due, at in seen]
    from_answer = [at - answered[due] for due, at in seen if due in answered]
    return {
        "operations_per_s": answer["answered"] / answer["seconds"],
        "http_p50_ms": answer["p50_us"] / 1e3,
        "request_to_screen_p50_ms": percentile(from_request, 0.5) / 1e6,
        "request_to_screen_p99_ms": percentile(from_request, 0.99) / 1e6,
        "answer_to_screen_p50_ms": percentile(from_answer, 0.5) / 1e6,
        "answer_to_screen_p99_ms": percentile(from_answer, 0.99) / 1e6,
        "undelivered": answer["answered"] * 2 - delivered,
        "cpu_us_per_operation": (running.cpu_ns() - before) / 1e3 / answer["answered"],
        "worker_cpu_us_per_operation": (cpu_ns([worker]) - worker_before) / 1e3 / answer["answered"],
    }


def _must_succeed(answer: dict[str, float]) -> None:
    if answer["failed"] or not answer["answered"]:
        raise RuntimeError(f"transfers failed: {answer}")


def transfers(ours: Ours, payees: int = USERS) -> Iterator[bytes]:
    """Requests of random users to random others, the last `payees` of them; the same in every run, with a mark for the
    stamp and for the key."""
    numbers, tokens = random.Random(7), {user_id: ours.token(user_id) for user_id in users(USERS)}
    for _ in range(REQUESTS):
        target = numbers.choice(users(USERS)[-payees:])
        source = numbers.choice(users(USERS - 1))
        source += source == target
        body = json.dumps(
            {
                "correntista_id_origem": source,
                "correntista_id_destino": target,
                "valor": "1.00",
                "descricao": STAMP_MARK,
            }
        )
        head = (
            f"POST /transferencia HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {tokens[source]}\r\n"
            # The senders live apart: whom one address pays is limited.
            f"X-Forwarded-For: 10.{'.'.join(map(str, source.to_bytes(3)))}\r\n"
            f"Idempotency-Key: {KEY_MARK}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield (head + body).encode()
