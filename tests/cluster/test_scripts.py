"""Notifications from background scripts: the stock way, live on every node, and the durable way, which stays."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.support.cluster import ROOT, Cluster
from tests.support.people import Feed, Person

SCRIPT_TIMEOUT_S = 60
NODES = ("web1", "web2", "web3")
# All that a stock script needs: Flask-SocketIO and the address of Redis.
STOCK = """
import json, sys
from flask_socketio import SocketIO
url, calls = sys.argv[1], json.loads(sys.argv[2])
socketio = SocketIO(message_queue=url)
for name, payload, options in calls:
    socketio.emit(name, payload, **options)
"""
NOTICE = {"tipo": "aviso", "mensagem": 'Olá! "room": "user_1"', "timestamp": "agora", "dados": {"n": [1, 2.5, None]}}


# Name, payload, options.
Call = tuple[str, Any, dict[str, Any]]


def emit_from_a_script(cluster: Cluster, folder: Path, *calls: Call) -> None:
    """Run STOCK in a process and a folder of its own, where nothing of this project can be imported."""
    command = [sys.executable, "-c", STOCK, cluster.redis(), json.dumps(calls)]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(command, cwd=folder, env=env, timeout=SCRIPT_TIMEOUT_S, check=True)


def run_worker(
    cluster: Cluster, *arguments: str, given: str | None = None, env: Mapping[str, str] | None = None
) -> str:
    """What `python -m worker …` prints, on this cluster's stores."""
    stores = {"DATABASE_URL": cluster.database(), "REDIS_URL": cluster.redis()}
    env = {**os.environ, **stores, **(env or {})}
    command = [sys.executable, "-m", "worker", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=env, input=given, stdout=subprocess.PIPE, text=True, timeout=SCRIPT_TIMEOUT_S, check=True
    ).stdout


@contextmanager
def everywhere(cluster: Cluster, someone: Person) -> Iterator[list[Feed]]:
    """A socket of the person on every node, one of them polling."""
    with ExitStack() as stack:
        feeds = [stack.enter_context(someone.listening(cluster.node_url(node))) for node in NODES]
        feeds.append(stack.enter_context(someone.listening(cluster.node_url("web1"), transports=("polling",))))
        yield feeds


def test_stock_emits_reach_the_user_s_sockets_on_every_node_in_order_and_nobody_else(
    cluster: Cluster, alice: Person, bob: Person, tmp_path: Path
) -> None:
    mine, nobody_s = f"user_{alice.id}", ["user_0", "user_", "user", f"user_{alice.id}0", f" user_{alice.id}", "água"]
    calls: list[Call] = [("notificacao", NOTICE, {"to": mine})]
    calls += [("astray", {}, {"to": room}) for room in nobody_s]
    calls += [("n", {"n": n}, {"to": mine}) for n in range(50)]
    calls += [("fim", {}, {"to": [mine, f"user_{bob.id}"]})]
    stranger = Feed(cluster.node_url("web2"))
    with everywhere(cluster, alice) as hers, everywhere(cluster, bob) as his:
        emit_from_a_script(cluster, tmp_path, *calls)
        for feed in hers + his:
            feed.wait_for("fim")
        stranger.settle()
        stranger.close()

    assert [feed.named("notificacao") for feed in hers] == [[NOTICE]] * 4
    assert [[payload["n"] for payload in feed.named("n")] for feed in hers] == [list(range(50))] * 4
    heard = {event.name for feed in his for event in feed.events}
    # A list may come unasked, to a node that may have missed something.
    assert heard - {"presenca_lista"} == {"conexao", "autenticado", "fim"}
    assert [feed.named("astray") for feed in hers] == [[]] * 4
    assert {event.name for event in stranger.events} == {"conexao", "erro"}


def test_a_stock_emit_disturbs_no_stream(cluster: Cluster, alice: Person, tmp_path: Path) -> None:
    with alice.listening() as feed:
        alice.deposit("1.00")
        feed.wait_for_seq(1)
        emit_from_a_script(cluster, tmp_path, ("notificacao", NOTICE, {"to": f"user_{alice.id}"}))
        feed.wait_until(lambda: len(feed.named("notificacao")) == 2, "the stock notification")
        alice.deposit("1.00")
        feed.wait_for_seq(2)

    assert feed.seqs() == [1, 2]


def test_a_durable_notification_reaches_every_node_and_stays(cluster: Cluster, alice: Person, bob: Person) -> None:
    with bob.listening() as his, everywhere(cluster, alice) as hers:
        epoch = his.named("autenticado")[0]["epoca"]
        said = run_worker(cluster, "notify", f"--usuario={alice.id}", "--tipo=aviso", "--mensagem=Olá, água!")
        for feed in hers:
            feed.wait_for_seq(1)
        his.settle()
    with alice.listening(ask={"ultimo_seq": 0, "epoca": epoch}) as later:
        later.wait_for_seq(1)

    assert said == "notificações gravadas: 1\n"
    told = [feed.named("notificacao") for feed in [*hers, later]]
    assert told == [told[0]] * 5
    (notice,) = told[0]
    assert (notice["seq"], notice["tipo"], notice["mensagem"]) == (1, "aviso", "Olá, água!")
    assert his.named("notificacao") == []
    history = alice.get("/notificacoes").json()
    assert [kept["mensagem"] for kept in history["notificacoes"]] == ["Olá, água!"]
    assert (history["nao_lidas"], history["seq"]) == (1, 1)


def test_lines_from_standard_input_arrive_in_order(cluster: Cluster, person: Callable[..., Person]) -> None:
    alice, bob = person(), person()
    lines = [(alice, "um"), (bob, "dois"), (alice, "três"), (alice, "quatro")]
    given = "".join(json.dumps({"usuario": p.id, "tipo": "aviso", "mensagem": text}) + "\n" for p, text in lines)
    with alice.listening() as hers, bob.listening() as his:
        run_worker(cluster, "notify", "--arquivo=-", given=given)
        hers.wait_for_seq(3)
        his.wait_for_seq(1)

    assert [notice["mensagem"] for notice in hers.named("notificacao")] == ["um", "três", "quatro"]
    assert [notice["mensagem"] for notice in his.named("notificacao")] == ["dois"]
