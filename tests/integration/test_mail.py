"""Mails leave the outbox for a mail server of the test's own, or wait, or are given up."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app import clock
from app.db import Database
from app.mail import outbox
from app.settings import SmtpServer
from tests.integration.customers import rows, write
from tests.support.mail_server import MailServer, mail_server, write_certificate
from tests.support.ports import LOOPBACK, free_port
from worker.mail import MailJob
from worker.mail_sender import MailSender

SENDER = "Saldo Vivo <nao-responda@banco.example>"
# This machine by another name: what is sent there is sent as to any other.
ELSEWHERE = "127.0.0.2"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as started:
        yield started


def job(db: Database, port: int, *, host: str = LOOPBACK, is_tls: bool = False, user: str = "") -> MailJob:
    return MailJob(db, MailSender(SmtpServer(is_tls, host, port, user, "segredo-do-correio"), SENDER))


def put(db: Database, recipient: str = "ana@teste.example", life: timedelta = timedelta(minutes=15)) -> None:
    db.transact(
        outbox.put, recipient=recipient, subject="Código é este", body="Olá, João.\n\n    ABCD-2345\n", life=life
    )


def waiting(db: Database) -> list[tuple[object, ...]]:
    return rows(db, "SELECT recipient, attempts FROM mails ORDER BY id")


def test_a_mail_is_sent_as_it_was_written_and_is_gone(database: Database, server: MailServer) -> None:
    put(database)

    assert job(database, server.port).run().text == "mails: sent: 1"

    (mail,) = server.got
    assert (mail["From"], mail["To"], mail["Subject"]) == (SENDER, "ana@teste.example", "Código é este")
    assert mail.get_content().split() == ["Olá,", "João.", "ABCD-2345"]
    assert waiting(database) == []
    assert job(database, server.port).run().text == "mails: none"
    assert len(server.got) == 1


@pytest.mark.parametrize("recipient", ["=?utf-8?q?=0a?=@a.example", "a b@a.example", "=?utf-8?q?maria?=@teste.example"])
def test_what_is_no_address_or_another_one_holds_up_nobody_and_goes_nowhere(
    database: Database, server: MailServer, recipient: str
) -> None:
    put(database, recipient)
    put(database)

    job(database, server.port).run()

    assert "ana@teste.example" in [mail["To"] for mail in server.got]
    assert "maria@teste.example" not in [mail["To"] for mail in server.got]
    assert waiting(database) == []


def test_mails_wait_while_the_server_is_away(
    database: Database, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(database)
    put(database, "bia@teste.example")
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)

    assert job(database, free_port()).run().text == "mails: put off: 1"
    assert waiting(database) == [("ana@teste.example", 1), ("bia@teste.example", 0)]
    assert job(database, server.port).run().text == "mails: sent: 1", "the first one waits for its next try"
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=outbox.PAUSE_S))
    assert job(database, server.port).run().text == "mails: sent: 1"

    assert [mail["To"] for mail in server.got] == ["bia@teste.example", "ana@teste.example"]


def test_a_mail_is_given_up_after_so_many_tries(sqlite: Database) -> None:
    put(sqlite, life=timedelta(days=1))
    nowhere = job(sqlite, free_port())
    texts = []
    for _ in range(outbox.ATTEMPTS_MAX):
        write(sqlite, "UPDATE mails SET next_try_at = '2026-01-01 00:00:00.000000'")
        texts.append(nowhere.run().text)

    assert texts == ["mails: put off: 1"] * (outbox.ATTEMPTS_MAX - 1) + ["mails: given up: 1"]
    assert waiting(sqlite) == []


def test_what_is_not_true_any_more_is_not_sent_and_goes_a_day_later(
    database: Database, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(database, life=timedelta(minutes=15))
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=16))

    assert job(database, server.port).run().text == "mails: none"
    assert database.transact(outbox.purge) == 0
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=1, minutes=16))
    assert database.transact(outbox.purge) == 1
    assert server.got == []


def test_a_recipient_that_is_refused_for_good_holds_nobody_up(sqlite: Database, server: MailServer) -> None:
    server.answers = {"ana@teste.example": "550 nobody here", "bia@teste.example": "451 later"}
    for recipient in ("ana@teste.example", "cid@teste.example", "bia@teste.example"):
        put(sqlite, recipient)

    assert job(sqlite, server.port).run().text == "mails: put off: 1, refused: 1, sent: 1"

    assert [mail["To"] for mail in server.got] == ["cid@teste.example"]
    assert waiting(sqlite) == [("bia@teste.example", 1)]


def test_a_server_elsewhere_that_offers_no_encryption_gets_neither_mail_nor_password(sqlite: Database) -> None:
    put(sqlite)
    with mail_server(host=ELSEWHERE) as server:
        assert job(sqlite, server.port, host=ELSEWHERE, user="banco").run().text == "mails: put off: 1"

        assert server.got == []
        assert [line for line in server.said if not line.lower().startswith(("ehlo", "helo", "quit", "starttls"))] == []


def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(
    sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = write_certificate(tmp_path / "server.pem", ELSEWHERE)
    put(sqlite)
    with mail_server(host=ELSEWHERE, certificate=certificate) as server:
        encrypted = job(sqlite, server.port, host=ELSEWHERE, is_tls=True, user="banco")
        assert encrypted.run().text == "mails: put off: 1"
        assert (server.got, server.said) == ([], [])

        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        write(sqlite, "UPDATE mails SET next_try_at = '2026-01-01 00:00:00.000000'")
        assert encrypted.run().text == "mails: sent: 1"
        assert [line.split()[0] for line in server.said][:2] == ["ehlo", "AUTH"]


def test_neither_addresses_nor_texts_are_logged(sqlite: Database, server: MailServer) -> None:
    recipient = f"{secrets.token_hex(6)}@teste.example"
    server.answers = {recipient: f"550 no {recipient} here"}
    put(sqlite, recipient)
    with capture_logs() as lines:
        result = job(sqlite, server.port).run()

    assert recipient not in f"{lines} {result.text}"
