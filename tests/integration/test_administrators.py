"""An administrator looks at any time, and acts with a code; to anybody else there is nothing to be found."""

import json
from collections.abc import Callable

import pytest
from flask import Flask
from flask_socketio_cluster.limits.limiter import Limiter
from flask_socketio_cluster.node.leaving import Leaving
from flask_socketio_cluster.node.report import NODE, NODE_METRICS, Report
from redis import Redis
from werkzeug.test import TestResponse

from app.db import Database
from app.notifications.security import warn
from app.panel import broadcasts
from app.panel import routes as panel_routes
from app.push.actions import forget_sessions
from app.streams import notify
from app.users import administrators, passwords
from app.users.security import Security
from tests.integration.customers import Customer, new_customer, rows, write
from tests.integration.test_second_factor import Moment, Owner
from tests.integration.test_worker_commands import messages
from tests.integration.users_app import Visitor, users_app
from tests.support.servers import RedisServer
from worker.broadcasts import tell_all

ACTIONS = ("/painel/nos/web2/drenar", "/painel/usuarios/1/encerrar-sessoes", "/painel/avisos")
EVERYBODY = {"texto": "Manutenção às 22h"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "ROUNDS", 4)


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Moment:
    return Moment(monkeypatch)


@pytest.fixture
def app(database: Database, limits: Limiter, own_redis: RedisServer) -> Flask:
    app = users_app(database, limits)
    security = Security(database, farewell=forget_sessions, warn=warn, ended=lambda _: None, committed=lambda: None)
    drains = Leaving(own_redis.url)
    app.register_blueprint(panel_routes.blueprint(database, app.extensions["auth"], limits, security, drains))
    return app


def user_id(visitor: Visitor) -> int:
    return int(visitor.get("/perfil").get_json()["usuario"]["id"])


def promote(db: Database, visitor: Visitor) -> int:
    own = user_id(visitor)
    db.transact(administrators.make, own)
    return own


@pytest.fixture
def somebody(app: Flask) -> Visitor:
    visitor = Visitor(app.test_client())
    assert visitor.register("outra@teste.example") == 201
    return visitor


@pytest.fixture
def admin(database: Database, app: Flask, moment: Moment) -> Owner:
    """With a second factor."""
    owner = Owner(app, moment)
    promote(database, owner.visitor)
    return owner


def act(admin: Owner, path: str, body: dict[str, str] | None = None, **headers: str) -> TestResponse:
    """With a code that was not used before."""
    admin.moment.later()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return admin.visitor.post(path, body, {"Segundo-Fator": admin.code(), **named})


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, str(answer.get_json()["codigo"])


def audited(db: Database) -> list[tuple[object, object, object]]:
    found = rows(db, "SELECT kind, user_id, detail FROM audit_pending WHERE kind LIKE 'admin%' ORDER BY id")
    return [(kind, who, json.loads(str(detail))) for kind, who, detail in found]


def done(db: Database) -> list[object]:
    """What actions leave behind."""
    lines = [line for line in audited(db) if line[0] not in ("admin_made", "admin_unmade")]
    return [*lines, *rows(db, "SELECT id FROM broadcasts"), *rows(db, "SELECT id FROM revocations")]


def test_to_who_is_no_administrator_there_is_nothing(database: Database, somebody: Visitor, app: Flask) -> None:
    assert somebody.get("/perfil").get_json()["administrador"] is False
    for path in ACTIONS:
        assert refusal(somebody.post(path, EVERYBODY)) == (404, "nao_encontrado")
        assert Visitor(app.test_client()).post(path, EVERYBODY).status_code == 401

    own = promote(database, somebody)
    assert somebody.get("/perfil").get_json()["administrador"] is True
    assert refusal(somebody.post(ACTIONS[2], EVERYBODY, {"Idempotency-Key": "um"})) == (403, "segundo_fator_inativo")

    database.transact(administrators.unmake, own)
    assert somebody.get("/perfil").get_json()["administrador"] is False
    assert refusal(somebody.post(ACTIONS[2], EVERYBODY, {"Idempotency-Key": "um"})) == (404, "nao_encontrado")
    assert audited(database) == [("admin_made", own, {}), ("admin_unmade", own, {})]


def test_nothing_is_done_without_a_good_code(
    database: Database, admin: Owner, somebody: Visitor, own_redis: RedisServer
) -> None:
    report_nodes(own_redis, "web1", "web2")
    wrong = {"Segundo-Fator": "000000" if admin.code() != "000000" else "111111"}
    for path in (ACTIONS[0], f"/painel/usuarios/{user_id(somebody)}/encerrar-sessoes", ACTIONS[2]):
        without = admin.visitor.post(path, EVERYBODY, {"Idempotency-Key": "um"})
        assert refusal(without) == (403, "segundo_fator_exigido")
        assert refusal(admin.visitor.post(path, EVERYBODY, {"Idempotency-Key": "um", **wrong})) == (
            403,
            "codigo_incorreto",
        )

    assert done(database) == []
    assert somebody.is_in()


def test_the_sessions_of_a_user_end_and_the_user_is_told(database: Database, admin: Owner, somebody: Visitor) -> None:
    other = user_id(somebody)

    assert act(admin, f"/painel/usuarios/{other}/encerrar-sessoes").status_code == 204

    assert not somebody.is_in()
    assert admin.visitor.is_in()
    own = user_id(admin.visitor)
    assert audited(database)[-2:] == [
        ("admin_sessions_ended", own, {"user": other}),
        ("admin_sessions_ended", other, {"by": own}),
    ]
    ((payload,),) = rows(database, "SELECT payload FROM stream_events WHERE user_id = :id", id=other)
    assert json.loads(str(payload))["tipo"] == "seguranca"


def test_a_code_is_good_for_one_action(database: Database, admin: Owner, somebody: Visitor) -> None:
    path, code = f"/painel/usuarios/{user_id(somebody)}/encerrar-sessoes", {"Segundo-Fator": admin.code()}

    assert admin.visitor.post(path, None, code).status_code == 204
    assert refusal(admin.visitor.post(path, None, code)) == (403, "codigo_incorreto")


def test_nobody_s_sessions_are_not_found(database: Database, admin: Owner) -> None:
    assert refusal(act(admin, "/painel/usuarios/999999/encerrar-sessoes")) == (404, "nao_encontrado")
    assert refusal(act(admin, f"/painel/usuarios/{2**63}/encerrar-sessoes")) == (404, "nao_encontrado")
    assert done(database) == []


def test_a_notice_for_everybody_is_made_once_for_a_key(database: Database, admin: Owner) -> None:
    made = act(admin, "/painel/avisos", EVERYBODY, Idempotency_Key="um")
    again = admin.visitor.post("/painel/avisos", EVERYBODY, {"Idempotency-Key": "um"})
    other = admin.visitor.post("/painel/avisos", {"texto": "Outra coisa"}, {"Idempotency-Key": "um"})

    assert made.status_code == again.status_code == 202
    assert made.get_json() == again.get_json()
    assert refusal(other) == (422, "chave_reutilizada")
    assert refusal(act(admin, "/painel/avisos", EVERYBODY)) == (422, "dados_invalidos")
    assert refusal(act(admin, "/painel/avisos", {"texto": "x" * 501}, Idempotency_Key="dois"))[0] == 422
    own, broadcast = user_id(admin.visitor), made.get_json()["aviso_id"]
    assert audited(database)[-1] == ("admin_broadcast", own, {"broadcast": broadcast})
    assert rows(database, "SELECT COUNT(*) FROM broadcasts") == [(1,)]


def test_who_has_stolen_a_session_and_guesses_codes_is_stopped(database: Database, admin: Owner) -> None:
    answers = [
        refusal(admin.visitor.post("/painel/avisos", EVERYBODY, {"Idempotency-Key": str(n), "Segundo-Fator": "1"}))
        for n in range(7)
    ]

    assert answers == [(403, "codigo_incorreto")] * 4 + [(429, "muitas_requisicoes")] * 3


@pytest.fixture
def people(database: Database) -> list[Customer]:
    return [new_customer(database) for _ in range(5)]


def broadcast(db: Database, text: str) -> None:
    """By the first user, as a request writes it."""
    ((own,),) = rows(db, "SELECT MIN(id) FROM users")
    db.transact(broadcasts.add, int(str(own)), text, text)


def test_everybody_is_told_once_whatever_dies_in_between(
    database: Database, people: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "USERS_PER_TRANSACTION", 2)
    broadcast(database, "um")
    broadcast(database, "dois")
    woken: list[None] = []

    assert database.transact(broadcasts.tell_some) == 2, "and then the worker died"
    result = tell_all(database, committed=lambda: woken.append(None))
    tell_all(database, committed=lambda: None)

    assert result.more is False
    assert woken
    assert [messages(person) for person in people] == [[(1, "aviso: um"), (2, "aviso: dois")]] * 5


def test_what_was_said_to_all_is_forgotten_after_a_month(database: Database, people: list[Customer]) -> None:
    for text in ("velho", "novo", "por fazer"):
        broadcast(database, text)
    write(database, "UPDATE broadcasts SET finished_at = created_at WHERE text <> 'por fazer'")
    write(database, "UPDATE broadcasts SET finished_at = '2001-01-01 00:00:00.000000' WHERE text = 'velho'")

    assert database.transact(broadcasts.purge) == 1
    assert rows(database, "SELECT text FROM broadcasts ORDER BY id") == [("novo",), ("por fazer",)]


def report_nodes(redis: RedisServer, *names: str) -> None:
    for name in names:
        Report(redis.url, name=name, role=NODE, counted=NODE_METRICS).say()


@pytest.mark.parametrize(
    ("nodes", "asked", "wanted"),
    [
        (["web1", "web2"], "web9", (404, "nao_encontrado")),
        (["web1", "web2"], "WEB2;x", (404, "nao_encontrado")),
        (["web2"], "web2", (409, "ultimo_no")),
    ],
)
def test_a_node_that_is_not_there_or_the_last_is_not_drained(
    database: Database, admin: Owner, own_redis: RedisServer, nodes: list[str], asked: str, wanted: tuple[int, str]
) -> None:
    report_nodes(own_redis, *nodes)

    assert refusal(act(admin, f"/painel/nos/{asked}/drenar")) == wanted
    assert done(database) == []


def test_nodes_are_drained_one_at_a_time(
    database: Database, admin: Owner, own_redis: RedisServer, bus: Callable[[], list[str]]
) -> None:
    report_nodes(own_redis, "web1", "web2")

    assert act(admin, "/painel/nos/web2/drenar").status_code == 202
    assert refusal(act(admin, "/painel/nos/web1/drenar")) == (409, "outro_no_drenando")

    assert bus() == ["flask-socketio:node:web2"]
    assert done(database) == [("admin_node_drained", user_id(admin.visitor), {"node": "web2"})]


def test_without_redis_no_node_is_drained_and_nothing_is_written_down(
    database: Database, admin: Owner, own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_redis.kill()
    try:
        answer = act(admin, "/painel/nos/web2/drenar")
    finally:
        own_redis.start()

    assert refusal(answer) == (503, "painel_indisponivel")
    assert done(database) == []


@pytest.fixture
def bus(own_redis: RedisServer) -> Callable[[], list[str]]:
    """The channels of what was said to nodes so far."""
    listening = Redis.from_url(own_redis.url, decode_responses=True).pubsub()
    listening.psubscribe("flask-socketio:node:*", "end")

    def said() -> list[str]:
        Redis.from_url(own_redis.url).publish("end", "")
        heard = (message["channel"] for message in listening.listen() if message["type"] == "pmessage")
        return list(iter(lambda: next(heard), "end"))

    return said
