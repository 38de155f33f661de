"""The commands of `python -m worker` that an operator types, run as an operator runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask_socketio_cluster.bus.channels import Channels
from flask_socketio_cluster.bus.waker import wake_once
from redis import Redis

from app.db import Database
from app.jobs import actions as job_actions
from app.jobs.job import Every, Job, Result
from app.streams.stream import streams
from app.users import actions as users
from app.users import administrators
from app.wire import room_of
from deploy.local.readiness import wait_until
from deploy.local.spawn import spawn
from tests.integration.customers import Customer, new_customer, rows, write
from tests.support.ports import LOOPBACK, free_port
from tests.support.servers import RedisServer

ROOT = Path(__file__).parents[2]
COMMAND_TIMEOUT_S = 60


def run(database: Database, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Without a Redis: what these commands do must not need one."""
    env = {
        **os.environ,
        "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "REDIS_URL": f"redis://{LOOPBACK}:{free_port()}",
    }
    return subprocess.run(
        [sys.executable, "-m", "worker", *arguments],
        cwd=ROOT,
        env=env,
        input=given,
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
        check=False,
    )


def messages(customer: Customer) -> list[tuple[int, str]]:
    """seq and text of what the customer was told, which also waits for the relay."""
    stored = customer.db.read(streams.read_after, customer.id, 0)
    waiting = rows(customer.db, "SELECT seq FROM outbox WHERE user_id = :id ORDER BY seq", id=customer.id)
    assert waiting == [(event.seq,) for event in stored]
    payloads = [json.loads(event.packet[1:])[1] for event in stored]
    return [(payload["seq"], f"{payload['tipo']}: {payload['mensagem']}") for payload in payloads]


def test_the_keys_of_tokens_are_listed_and_changed(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", "um-segredo-de-testes-com-mais-de-32-bytes")
    monkeypatch.setenv("JWT_KEYS", run(sqlite, "chaves", "nova").stdout)

    listed = run(sqlite, "chaves")

    assert listed.returncode == 0
    assert listed.stdout.startswith("jwt-secret ")
    assert "um-segredo" not in listed.stdout
    refused = run(sqlite, "chaves", "remover", "jwt-secret")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)


@pytest.fixture
def people(sqlite: Database) -> tuple[Customer, Customer, Customer]:
    return new_customer(sqlite), new_customer(sqlite), new_customer(sqlite)


def test_the_users_that_are_named_are_told_each_once(
    sqlite: Database, people: tuple[Customer, Customer, Customer]
) -> None:
    alice, bob, carla = people
    named = [f"--usuario={user}" for user in (carla.id, alice.id, carla.id)]

    ended = run(sqlite, "notify", *named, "--tipo", "manutencao", "--mensagem", "Olá, água!")

    assert (ended.returncode, ended.stdout) == (0, "notificações gravadas: 2\n")
    told = [(1, "manutencao: Olá, água!")]
    assert [messages(person) for person in (alice, bob, carla)] == [told, [], told]


def test_all_users_are_told_beside_a_progress_bar(
    sqlite: Database, people: tuple[Customer, Customer, Customer]
) -> None:
    ended = run(sqlite, "notify", "--todos", "--mensagem", "Manutenção às 22h")

    assert ended.stdout == "notificações gravadas: 3\n"
    assert "notificando" in ended.stderr
    assert [messages(person) for person in people] == [[(1, "aviso: Manutenção às 22h")]] * 3


def lines(*told: tuple[Customer, str]) -> str:
    return "".join(
        json.dumps({"usuario": person.id, "tipo": "aviso", "mensagem": text, "dados": {"n": 1}}) + "\n"
        for person, text in told
    )


def test_the_lines_of_a_file_are_sent_in_their_order(
    sqlite: Database, people: tuple[Customer, Customer, Customer], tmp_path: Path
) -> None:
    alice, bob, _carla = people
    path = tmp_path / "lines.jsonl"
    path.write_text(lines((alice, "um"), (bob, "dois"), (alice, "três"), (alice, "quatro")) + "\n")

    ended = run(sqlite, "notify", "--arquivo", str(path))

    assert (ended.returncode, ended.stdout) == (0, "notificações gravadas: 4\n")
    assert messages(alice) == [(1, "aviso: um"), (2, "aviso: três"), (3, "aviso: quatro")]
    assert messages(bob) == [(1, "aviso: dois")]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ('{"usuario": 1, "tipo": "aviso"}', "line 2"),
        ('{"usuario": 999999, "tipo": "aviso", "mensagem": "x"}', "999999"),
    ],
    ids=["bad line", "unknown user"],
)
def test_one_bad_line_and_nothing_is_sent(
    sqlite: Database, people: tuple[Customer, Customer, Customer], bad: str, said: str
) -> None:
    alice = people[0]

    ended = run(sqlite, "notify", "--arquivo=-", given=lines((alice, "um")) + bad + "\n" + lines((alice, "três")))

    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert messages(alice) == []


def test_a_command_that_means_nothing_sends_nothing(
    sqlite: Database, people: tuple[Customer, Customer, Customer]
) -> None:
    ended = run(sqlite, "notify", f"--usuario={people[0].id}", "--todos", "--mensagem=x")

    assert ended.returncode == 2
    assert "exactly one of" in ended.stderr
    assert [messages(person) for person in people] == [[], [], []]


def test_good_books_end_with_0(sqlite: Database) -> None:
    new_customer(sqlite, cents=100)

    ended = run(sqlite, "conciliar")

    assert ended.returncode == 0
    assert "balance equals entries" in ended.stdout


def test_books_with_a_fault_end_with_1_and_name_it(sqlite: Database) -> None:
    alice = new_customer(sqlite, cents=100)
    write(sqlite, "UPDATE accounts SET balance_cents = 99 WHERE id = :id", id=alice.account)

    ended = run(sqlite, "conciliar")

    assert ended.returncode == 1
    assert f"account {alice.account}: balance 99, entries sum to 100 centavos" in ended.stdout


def test_people_whose_names_are_older_than_the_rules_are_found_and_named_by_number_only(sqlite: Database) -> None:
    posing, turned, office, _fit = (new_customer(sqlite) for _ in range(4))
    for who, name in ((posing, "Saldo Vivo Segurança"), (turned, "Ana \u202eazuoS"), (office, "Suporte")):
        write(sqlite, "UPDATE users SET name = :name WHERE id = :id", name=name, id=who.id)

    ended = run(sqlite, "conciliar")

    assert ended.returncode == 0, "the books are right"
    assert [line.strip() for line in ended.stdout.splitlines() if "user " in line] == [
        f"user {posing.id}: o nome é reservado ao banco",
        f"user {turned.id}: o nome contém caracteres que não são permitidos",
        f"user {office.id}: o nome é reservado ao banco",
    ]
    assert "Vivo" not in ended.stdout
    (row,) = (line.split() for line in ended.stdout.splitlines() if line.startswith("names are fit"))
    assert row[-2:] == ["4", "3"]


def test_all_names_are_looked_at_however_many(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "_NAMES", users._NAMES.limit(2))
    people = [new_customer(sqlite) for _ in range(5)]
    write(sqlite, "UPDATE users SET name = 'Banco Central' WHERE id = :id", id=people[-1].id)

    assert sqlite.read(users.look_at_names) == (5, {people[-1].id: "é reservado ao banco"})


def test_a_restored_backup_has_an_epoch_it_never_had(sqlite: Database) -> None:
    alice = new_customer(sqlite)
    before = sqlite.read(streams.head, alice.id).epoch

    said = run(sqlite, "restaurado").stdout

    now = sqlite.read(streams.head, alice.id).epoch
    assert said == f"epoca: {now}\n"
    assert before < now < sqlite.transact(streams.change_epoch)


def test_the_demo_data_is_what_the_contract_says_and_is_made_once(sqlite: Database) -> None:
    first, second = run(sqlite, "demo"), run(sqlite, "demo")

    assert (first.stdout, second.stdout) == ("demo data created\n", "there are users already; nothing done\n")
    found = rows(
        sqlite,
        "SELECT a.id, a.name, a.balance_cents, u.email FROM accounts a JOIN users u ON u.id = a.user_id ORDER BY a.id",
    )
    assert found[:2] == [
        (1, "João Silva", 100_000, "admin@teste.com"),
        (2, "Maria Santos", 150_000, "admin@teste.com"),
    ]
    assert [email for *_, email in found[2:]] == ["maria@teste.com"]
    # The newcomer has something to read.
    assert rows(sqlite, "SELECT user_id, unread FROM chat_sides ORDER BY user_id") == [(1, 1), (2, 0)]
    assert run(sqlite, "conciliar").returncode == 0


def test_the_books_are_checked_while_somebody_writes(sqlite: Database) -> None:
    with sqlite.engine.connect() as writing, writing.begin():
        assert run(sqlite, "conciliar").returncode == 0


def test_the_agenda_shows_each_job_with_its_last_run_result_and_next_run(sqlite: Database) -> None:
    jobs = [Job(name, Every(60), 60, lambda: Result("")) for name in ("bad", "good", "new")]
    sqlite.transact(job_actions.register, jobs)
    write(sqlite, "UPDATE jobs SET next_run_at = '2026-01-01 02:59:00.000000' WHERE name <> 'new'")
    bad, good = sqlite.transact(job_actions.claim, jobs[:2], worker="w", at_most=2)
    sqlite.transact(job_actions.finish, good, Result("3 rows dropped"))
    sqlite.transact(job_actions.fail, bad, "no paper")
    write(sqlite, "UPDATE jobs SET next_run_at = '2026-01-01 02:59:00.000000'")

    ended = run(sqlite, "agenda")

    assert ended.returncode == 0
    heading, *lines = ended.stdout.splitlines()
    assert heading.split() == ["job", "last", "run", "took", "next", "run", "result"]
    told = {line.split()[0]: line for line in lines}
    assert told["good"].endswith("2025-12-31 23:59:00  3 rows dropped")
    assert told["bad"].endswith("2025-12-31 23:59:00  FAILED: no paper")
    assert told["new"].split() == ["new", "never", "-", "2025-12-31", "23:59:00"]


# A worker that never looks by itself.
ONLY_WOKEN = """
from worker.__main__ import cli
from worker import relay
relay.LOOK_EVERY_S = 3600
cli(["run"])
"""


def test_a_worker_is_woken_by_a_commit_and_need_not_look(sqlite: Database, own_redis: RedisServer) -> None:
    alice = new_customer(sqlite)
    env = {
        **os.environ,
        "DATABASE_URL": sqlite.engine.url.render_as_string(hide_password=False),
        "REDIS_URL": own_redis.url,
    }
    with Redis.from_url(own_redis.url) as client, client.pubsub() as news:
        news.subscribe(Channels().room("/", room_of(alice.id)))
        assert news.get_message(timeout=5)
        worker = spawn([sys.executable, "-c", ONLY_WOKEN], env=env, cwd=ROOT)
        try:
            wait_until(
                lambda: client.pubsub_numsub(Channels().wake)[0][1] == 1, COMMAND_TIMEOUT_S, "a worker that listens"
            )
            for number in (1, 2):
                alice.deposit(100)
                wake_once(own_redis.url)
                message = news.get_message(timeout=COMMAND_TIMEOUT_S)
                assert message is not None
                assert message["data"].startswith(b"%d\n" % number)
        finally:
            worker.terminate()
            worker.wait()


def audited(db: Database) -> list[tuple[object, ...]]:
    return rows(db, "SELECT kind, user_id, detail FROM audit_pending WHERE kind LIKE 'admin%' ORDER BY id")


def test_administrators_are_made_and_unmade_here_and_it_is_written_down(
    sqlite: Database, people: tuple[Customer, Customer, Customer]
) -> None:
    alice = people[0]
    for _ in range(2):
        assert run(sqlite, "administrador", f"--usuario={alice.id}").returncode == 0
    assert sqlite.read(administrators.is_one, alice.id)
    unknown = run(sqlite, "administrador", "--usuario=999999")
    assert run(sqlite, "administrador", f"--usuario={alice.id}", "--tirar").returncode == 0
    again = run(sqlite, "administrador", f"--usuario={alice.id}", "--tirar")

    assert not sqlite.read(administrators.is_one, alice.id)
    assert (unknown.returncode, again.returncode) == (1, 1)
    assert "999999" in unknown.stderr
    assert "Traceback" not in unknown.stderr + again.stderr
    made, unmade = ("admin_made", alice.id, "{}"), ("admin_unmade", alice.id, "{}")
    assert audited(sqlite) == [made, made, unmade]


def test_an_operator_ends_the_sessions_of_a_user_who_is_told(
    sqlite: Database, people: tuple[Customer, Customer, Customer]
) -> None:
    alice, bob, _ = people

    ended = run(sqlite, "encerrar-sessoes", f"--usuario={alice.id}")
    unknown = run(sqlite, "encerrar-sessoes", "--usuario=999999")

    assert (ended.returncode, unknown.returncode) == (0, 1)
    generations = "SELECT token_generation FROM users WHERE id = :id"
    assert [rows(sqlite, generations, id=who.id) for who in (alice, bob)] == [[(2,)], [(1,)]]
    assert [text.partition(":")[0] for _, text in messages(alice)] == ["seguranca"]
    assert audited(sqlite) == [("admin_sessions_ended", alice.id, "{}")]


def test_without_redis_no_node_is_drained_and_nothing_is_written_down(sqlite: Database) -> None:
    refused = run(sqlite, "drenar", "web1")

    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert audited(sqlite) == []
