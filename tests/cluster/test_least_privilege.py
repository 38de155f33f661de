"""Nodes and a worker, each as its own user of MariaDB and of Redis: all that the bank does goes on, and their logs tell
nothing that is nobody's business."""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
from redis.exceptions import NoPermissionError
from sqlalchemy import make_url

from app import clock
from app.db import Database
from app.migrations import grants
from tests.cluster.test_redis_addresses import REDIS_PASSWORD, RedisWithUsers, emit_from_outside, refused_by
from tests.integration.conftest import migrated
from tests.integration.customers import rows
from tests.support import second_factor
from tests.support.cluster import ROOT, Cluster
from tests.support.database_users import PASSWORDS, app_url, make_users, owner_url, worker_url
from tests.support.lone_node import LoneNode, lone_node, lone_worker, wait_ready
from tests.support.metrics import metric
from tests.support.people import PASSWORD, Person, eventually
from tests.support.servers import DatabaseServer, mariadb_server, started
from worker.jobs import all_checks

# A worker that has just started looks at its jobs within some seconds.
JOB_S = 30.0
# A node, on a machine that is busy with other things.
AGAIN_S = 120.0
CHAT_TEXT = "um segredo entre nos dois"
DESCRIPTION = "Aluguel do esconderijo"
NEW_TEXT = "ninguem deve ler isto aqui"


@dataclass(frozen=True)
class Privileged:
    nodes: list[LoneNode]
    database: DatabaseServer
    redis: RedisWithUsers
    owner: Database
    worker_log: Path
    worker: dict[str, str]
    secrets: list[str]

    @property
    def logs(self) -> str:
        return "".join(node.log for node in self.nodes) + self.worker_log.read_text()

    def person(self, node: int, name: str) -> Person:
        return Person(self.nodes[node].url, name)


@pytest.fixture(scope="module")
def privileged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Privileged]:
    folder = tmp_path_factory.mktemp("privileges")
    jwt_secret, bus_key = secrets.token_hex(32), secrets.token_hex(32)
    server = RedisWithUsers(tmp_path_factory.mktemp("redis"))
    with ExitStack() as stack:
        database = stack.enter_context(mariadb_server())
        stack.enter_context(started(server))
        make_users(database)
        owner = migrated(owner_url(database))
        stack.callback(owner.dispose)
        web = {
            "DATABASE_URL": app_url(database),
            "REDIS_URL": server.url,
            "JWT_SECRET": jwt_secret,
            "BUS_KEYS": bus_key,
        }
        worker = {
            "DATABASE_URL": worker_url(database),
            "REDIS_URL": server.url_of("saldo-vivo-worker"),
            "BUS_KEYS": bus_key,
        }
        nodes = [stack.enter_context(lone_node(name, folder, web)) for name in ("web1", "web2")]
        stack.enter_context(lone_worker(folder, worker))
        for node in nodes:
            wait_ready(node)
        known = [jwt_secret, bus_key, REDIS_PASSWORD, *PASSWORDS.values()]
        yield Privileged(nodes, database, server, owner, folder / "worker.log", worker, known)


def test_all_that_the_bank_does_goes_on(privileged: Privileged) -> None:
    alice, bob = privileged.person(0, "Alice Souza"), privileged.person(1, "Bob Pereira")
    with alice.listening() as hers, bob.listening() as his:
        money_and_receipts(alice, bob)
        assert his.wait_for("notificacao", lambda told: told["tipo"] == "transferencia").payload["dados"]["valor"] == 30
        contacts_and_chat(alice, bob)
        his.wait_for("chat_mensagem", lambda told: told["texto"] == CHAT_TEXT)
        emit_from_outside(privileged.redis.url_of("saldo-vivo-script"), alice)
        hers.wait_for("notificacao", lambda told: told["tipo"] == "aviso")
        schedules(alice, bob)
        # Done by the worker, as its own user.
        his.wait_for("notificacao", lambda told: told["dados"].get("valor") == 7, timeout_s=JOB_S)
        inbox_and_settings(alice)
        assert alice.post("/logout", {"todos": True}).status_code == 204
        assert hers.wait_for("sessao_encerrada").payload == {"motivo": "logout"}

    eventually(lambda: chained(privileged) >= 6, "the lines of the audit in their chain", JOB_S)
    eventually(lambda: ran_well(privileged), "a good run of every job that runs every few minutes", JOB_S)
    assert [check.faults for check in all_checks(privileged.owner)[0] if check.faults] == []
    assert "command denied" not in privileged.logs
    with privileged.redis.client("examiner") as examiner:
        assert refused_by(examiner) == []


def money_and_receipts(alice: Person, bob: Person) -> None:
    operation = alice.deposit("100.00").json()["operacao_id"]
    assert alice.transfer(bob, "30.00", key="uma-chave").status_code == 201
    assert alice.withdraw("1.00").status_code == 201
    assert alice.pay("2.00", DESCRIPTION).status_code == 201
    assert alice.transfer(bob, "9999.00").status_code == 422
    for path in (
        "/movimentacoes",
        f"/extrato/{alice.account}",
        f"/extrato/{alice.account}.csv",
        f"/extrato/{alice.account}/totais",
        "/resumo",
        f"/comprovante/{operation}",
        f"/comprovante/{operation}.pdf",
        "/perfil",
        f"/correntistas/{bob.account}/titular",
    ):
        assert alice.get(path).status_code == 200, path
    assert alice.post("/correntistas", {"nome": "Reserva"}).status_code == 201


def contacts_and_chat(alice: Person, bob: Person) -> None:
    alice.post("/contatos", {"email": bob.email})
    bob.post("/contatos", {"email": alice.email})
    assert [(each["usuario_id"], each["situacao"]) for each in bob.get("/contatos").json()] == [(alice.id, "contato")]
    with alice.listening() as feed:
        answer = feed.client.call("chat_enviar", {"para": bob.id, "texto": CHAT_TEXT, "id_cliente": "um"}, timeout=15)
        assert answer["ok"] is True
        edited = feed.client.call("chat_editar", {"id": answer["id"], "texto": CHAT_TEXT + "!"}, timeout=15)
        assert edited["ok"] is True
    assert bob.get(f"/conversas/{alice.id}/mensagens").status_code == 200
    assert alice.get("/usuarios/online").status_code == 200


def schedules(alice: Person, bob: Person) -> None:
    order = {"tipo": "transferencia", "correntista_id_origem": alice.account, "correntista_id_destino": bob.account}
    today: date = clock.day_of(clock.now())
    made = alice.post("/agendamentos", {**order, "valor": "7.00", "data": today.isoformat()})
    assert made.status_code == 201, made.text
    assert alice.get("/agendamentos").status_code == 200


def inbox_and_settings(alice: Person) -> None:
    listed = alice.get("/notificacoes").json()
    assert alice.post("/notificacoes/lidas", {"ate": listed["seq"]}).status_code == 200
    assert alice.put("/preferencias", {"volume": 10}).status_code == 200
    assert alice.post("/token/renovar", None).status_code == 200


def chained(privileged: Privileged) -> int:
    ((count,),) = rows(privileged.owner, "SELECT COUNT(*) FROM audit")
    return int(str(count))


def ran_well(privileged: Privileged) -> bool:
    """All jobs are due as soon as they are pulled; none may fail for want of a privilege."""
    with privileged.owner.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("UPDATE jobs SET next_run_at = UTC_TIMESTAMP(6) WHERE last_started_at IS NULL")
    return rows(privileged.owner, "SELECT COUNT(*) FROM jobs WHERE last_ok IS NULL OR last_ok = 0") == [(0,)]


def test_each_user_of_redis_may_do_its_own_work_alone(privileged: Privileged) -> None:
    forbidden = {
        "saldo-vivo-worker": ("GET saldo-vivo:limits", "HGETALL flask-socketio:sessions", "PUBLISH flask-socketio x"),
        "saldo-vivo-script": ("SUBSCRIBE flask-socketio", "PUBLISH flask-socketio#/#user_1 x", "GET x", "INFO"),
        "saldo-vivo-monitor": ("GET x", "PUBLISH flask-socketio x", "SUBSCRIBE flask-socketio", "CONFIG GET *"),
    }
    for user, commands in forbidden.items():
        with privileged.redis.client(user) as client:
            for command in commands:
                with pytest.raises(NoPermissionError):
                    client.execute_command(*command.split())
    with privileged.redis.client("saldo-vivo-monitor") as client:
        assert isinstance(client, redis.Redis)
        assert "used_memory" in client.info()


def test_no_log_tells_a_secret_or_what_people_write_whatever_goes_wrong(privileged: Privileged) -> None:
    alice, bob = privileged.person(0, "Carla Nunes"), privileged.person(1, "Davi Ramos")
    people = [word for who in (alice, bob) for word in (who.email, who.token, who.name)]
    wrong = "senha-errada-de-verdade"
    assert alice.post("/login", {"email": alice.email, "senha": wrong}, token=None).status_code == 401
    assert alice.post("/login", {"email": alice.email, "senha": PASSWORD}, token=None).status_code == 200
    assert alice.post("/registro", {"nome": 7, "email": alice.email, "senha": wrong}, token=None).status_code == 422
    contacts_and_chat(alice, bob)
    an_accident(privileged, alice, bob)
    an_outage(privileged, alice, bob)

    logs = privileged.logs
    for event in ("request_failed", "event_failed", "database_down"):
        assert event in logs, "what went wrong is told"
    hidden = (*privileged.secrets, *people, wrong, PASSWORD, CHAT_TEXT, DESCRIPTION, NEW_TEXT)
    assert [word for word in hidden if word in logs] == []


def test_no_log_of_a_whole_cluster_tells_a_secret_or_what_people_write(
    cluster: Cluster, alice: Person, bob: Person, befriend: Callable[[Person, Person], None]
) -> None:
    """nginx's too, whatever people put into an address."""
    befriend(alice, bob)
    alice.deposit("50.00")
    assert alice.transfer(bob, "1.00").status_code == 201
    assert alice.get(f"/extrato/{alice.account}", texto=DESCRIPTION).status_code == 200
    assert alice.get("/perfil", token=alice.token).status_code == 200
    assert alice.get("/socket.io/", EIO=4, transport="polling", token=alice.token).status_code == 200
    assert alice.post("/login", {"email": alice.email, "senha": "errada"}, token=None).status_code == 401
    with alice.listening(auth={"token": alice.token}) as feed:
        feed.emit("chat_enviar", {"para": bob.id, "texto": CHAT_TEXT, "id_cliente": "um"})
        feed.wait_for("chat_mensagem")
    last = f"/nao-existe-{secrets.token_hex(4)}"
    assert alice.get(last, email=alice.email).status_code == 404

    access_log = cluster.run_dir / "nginx" / "access.log"
    eventually(lambda: last in access_log.read_text(), "nginx's line of the last request")
    password = make_url(cluster.database()).password
    assert password
    hidden = (cluster.jwt_secret(), cluster.bus_key(), password, CHAT_TEXT, DESCRIPTION)
    people = [word for who in (alice, bob) for word in (who.email, who.token)]
    logs = cluster.log + access_log.read_text()
    assert [word for word in (*hidden, *people) if word in logs] == []


def an_accident(privileged: Privileged, alice: Person, bob: Person) -> None:
    """A fault of ours: the database refuses what the program takes for granted."""
    taken = [f"INSERT ON saldo_vivo.{table}" for table in ("operations", "chat_messages", "users")]
    with privileged.database.connection() as operator, operator.cursor() as cursor:
        for grant in taken:
            cursor.execute(f"REVOKE {grant} FROM {grants.NODES}")
        try:
            assert alice.deposit("5.00").status_code == 500
            body = {"nome": "Eva Prado", "email": f"nova-{alice.email}", "senha": PASSWORD}
            assert alice.post("/registro", body, token=None).status_code == 500
            with alice.listening() as feed:
                feed.emit("chat_enviar", {"para": bob.id, "texto": NEW_TEXT, "id_cliente": "dois"})
                assert feed.wait_for("erro").payload["codigo"] == "erro_interno"
        finally:
            for grant in taken:
                cursor.execute(f"GRANT {grant} TO {grants.NODES}")


def an_outage(privileged: Privileged, alice: Person, bob: Person) -> None:
    with bob.listening() as feed:
        privileged.database.kill()
        try:
            assert alice.deposit("5.00").status_code == 503
            credentials = {"email": alice.email, "senha": PASSWORD}
            assert alice.post("/login", credentials, token=None).status_code == 503
            feed.emit("chat_enviar", {"para": alice.id, "texto": NEW_TEXT, "id_cliente": "tres"})
            feed.wait_for("erro")
        finally:
            privileged.database.start()
    for node in privileged.nodes:
        wait_ready(node)
    assert requests.get(f"{privileged.nodes[0].url}/perfil", timeout=30).status_code == 401


def test_an_administrator_watches_every_node_and_acts_and_it_is_written_down(privileged: Privileged) -> None:
    """Last, since a node is started anew in it."""
    admin, other = privileged.person(0, "Eva Prado"), privileged.person(1, "Rui Neves")
    with privileged.redis.client("examiner") as examiner:
        examiner.acl_log_reset()
    assert operator(privileged, "administrador", f"--usuario={admin.id}")
    codes = iter(second_factor.switch_on(admin))

    def act(path: str, body: dict[str, str] | None = None, key: str = "") -> int:
        headers = {"Authorization": f"Bearer {admin.token}", "Segundo-Fator": next(codes), "Idempotency-Key": key}
        return requests.post(admin.url + path, json=body, headers=headers, timeout=30).status_code

    with admin.listening() as watching, other.listening() as theirs:
        theirs.emit("painel_acompanhar", {})
        assert theirs.wait_for("erro").payload["codigo"] == "nao_encontrado"
        assert watching.client.call("painel_acompanhar", {}, timeout=15) == {"ok": True}
        watching.wait_for("painel", lambda told: told["por_segundo"] and sockets(told) == {"web1": 1, "web2": 1})

        assert act("/painel/avisos", {"texto": "Manutenção às 22h"}, key="um") == 202
        for feed in (watching, theirs):
            feed.wait_for("notificacao", lambda told: told["tipo"] == "aviso", timeout_s=JOB_S)
        assert act(f"/painel/usuarios/{other.id}/encerrar-sessoes") == 204
        assert theirs.wait_for("sessao_encerrada").payload == {"motivo": "revogado"}
        assert theirs.named("painel") == []

    third, web2 = privileged.person(1, "Davi Ramos"), privileged.nodes[1]
    began_s = begun_after(web2, 0.0)
    with third.listening() as moved:
        assert act("/painel/nos/web2/drenar") == 202
        moved.wait_for("servidor_drenando")
        moved.wait_closed()
        again_s = eventually(lambda: begun_after(web2, began_s), "web2 started anew", AGAIN_S)
    wait_ready(web2)
    assert operator(privileged, "encerrar-sessoes", f"--usuario={third.id}")
    eventually(lambda: operator(privileged, "drenar", "web2"), "the right to drain another", AGAIN_S)
    eventually(lambda: begun_after(web2, again_s), "web2 started anew by the operator", AGAIN_S)

    everywhere = "(SELECT kind, user_id FROM audit_pending UNION ALL SELECT kind, user_id FROM audit) lines_"
    lines = rows(privileged.owner, f"SELECT kind, user_id FROM {everywhere} WHERE kind LIKE 'admin%'")
    done = {(str(kind).removeprefix("admin_"), who) for kind, who in lines}
    assert done == {
        *((kind, admin.id) for kind in ("made", "broadcast", "sessions_ended", "node_drained")),
        *(("sessions_ended", who.id) for who in (other, third)),
        ("node_drained", None),
    }
    with privileged.redis.client("examiner") as examiner:
        assert refused_by(examiner) == []


def operator(privileged: Privileged, *arguments: str) -> bool:
    """Whether a command does its work with what a worker may do."""
    command, env = [sys.executable, "-m", "worker", *arguments], {**os.environ, **privileged.worker}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, timeout=60, check=False).returncode == 0


def sockets(told: dict[str, Any]) -> dict[str, int]:
    return {node["nome"]: node["sockets"] for node in told["nos"]}


def begun_after(node: LoneNode, moment_s: float) -> float:
    """When its process was started, if that was later; else 0."""
    try:
        began_s = metric(node.url, "process_start_time_seconds")
    except requests.ConnectionError:  # between two lives
        return 0.0
    return began_s if began_s > moment_s else 0.0
