"""Whom others see is the registered person; an account's own name is for its owner's eyes only."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from app.bank import holders, ledger, payloads, queries, receipt_payloads, receipt_pdf, receipts, statement_payloads
from app.bank.receipts import ReceiptView
from app.db import Database
from app.fields import read
from tests.integration.customers import Customer, new_customer, rows

DISGUISE = "Saldo Vivo Segurança"


@pytest.fixture
def mallory(database: Database) -> Customer:
    return new_customer(database, "Mallory Lima", cents=10_000)


@pytest.fixture
def disguised(mallory: Customer) -> int:
    """An account of Mallory's that poses as the bank, with R$ 100,00."""
    account = mallory.open_account(DISGUISE)
    mallory.deposit(10_000, to=account)
    return account


@pytest.fixture
def bob(database: Database) -> Customer:
    return new_customer(database, "Bob Pereira", cents=10_000)


def inbox(customer: Customer) -> list[dict[str, Any]]:
    sql = "SELECT payload FROM stream_events WHERE user_id = :user ORDER BY seq"
    return [json.loads(str(row[0])) for row in rows(customer.db, sql, user=customer.id)]


def statement(customer: Customer, account: int | None = None) -> list[queries.Movement]:
    return customer.db.read(queries.newest, [account or customer.account], limit=50).rows


def receipt(customer: Customer, operation: int) -> ReceiptView:
    view: ReceiptView = customer.db.transact(receipts.of_operation, operation, customer.id)
    return view


def test_whom_a_transfer_would_reach_is_a_person(database: Database, mallory: Customer, disguised: int) -> None:
    assert database.read(holders.of_account, disguised) == (mallory.id, mallory.name)


def test_who_receives_money_reads_who_sent_it(mallory: Customer, disguised: int, bob: Customer) -> None:
    sent = mallory.do(payloads.TRANSFER, 100, disguised, bob.account)

    notice = inbox(bob)[-1]
    assert notice["mensagem"] == "Você recebeu R$ 1,00 de Mallory Lima"
    assert [row["NomeBeneficiario"] for row in notice["dados"]["movimentacoes"]] == ["Mallory Lima"]
    assert statement(bob)[0].counterpart_name == "Mallory Lima"
    assert DISGUISE not in json.dumps([inbox(bob), repr(statement(bob))], ensure_ascii=False)
    assert sent["movimentacao"]["NomeCorrentista"] == DISGUISE, "its owner's word for it stays the owner's"


def test_who_sends_money_reads_whom_it_reached(mallory: Customer, disguised: int, bob: Customer) -> None:
    sent = bob.transfer(disguised, 100)

    assert sent["movimentacao"]["NomeBeneficiario"] == "Mallory Lima"
    assert inbox(bob)[-1]["mensagem"] == "Você enviou R$ 1,00 para Mallory Lima"
    assert statement(bob)[0].counterpart_name == "Mallory Lima"
    assert statement(mallory, disguised)[0].account_name == DISGUISE


def test_a_receipt_and_its_verification_name_persons(mallory: Customer, disguised: int, bob: Customer) -> None:
    sent = mallory.do(payloads.TRANSFER, 100, disguised, bob.account)

    for customer in (mallory, bob):
        view = receipt(customer, sent["operacao_id"])
        assert (view.source_name, view.target_name) == ("Mallory Lima", "Bob Pereira")
        public = receipt_payloads.verified(mallory.db.read(receipts.by_code, view.code))
        assert (public["origem"], public["destino"]) == ("M****** L***", "B** P******")


def test_the_receipt_of_an_own_account_names_its_owner(mallory: Customer, disguised: int) -> None:
    done = mallory.do(payloads.PAYMENT, 100, disguised, -1, "Luz")

    view = receipt(mallory, done["operacao_id"])

    assert (view.source_name, view.target_name) == ("Mallory Lima", None)
    assert ("De", f"Mallory Lima (conta {disguised})") in receipt_pdf._rows(view)


def test_between_own_accounts_the_own_names_are_read(mallory: Customer, disguised: int) -> None:
    mallory.do(payloads.TRANSFER, 100, mallory.account, disguised)

    assert inbox(mallory)[-1]["mensagem"] == f"Transferência de R$ 1,00 de Mallory Lima para {DISGUISE}"
    assert statement(mallory)[0].counterpart_name == DISGUISE
    assert statement(mallory, disguised)[0].counterpart_name == "Mallory Lima"


def test_accounts_are_locked_without_their_owners(emptied_mariadb: Database) -> None:
    taker = new_customer(emptied_mariadb)
    with emptied_mariadb.engine.connect() as elsewhere, elsewhere.begin():
        elsewhere.execute(text("SELECT id FROM users WHERE id = :id FOR UPDATE"), {"id": taker.id})

        # Would end as a time-out: owners are never locked after accounts.
        locked = emptied_mariadb.transact(ledger.lock, [taker.account])

    assert locked[taker.account].holder_name == taker.name


def test_a_search_finds_the_person_and_not_the_account_s_own_name(
    mallory: Customer, disguised: int, bob: Customer
) -> None:
    mallory.do(payloads.TRANSFER, 100, disguised, bob.account)

    def found(typed: str) -> int:
        filters = read(statement_payloads.StatementQuery, {"texto": typed}).filters()
        return len(bob.db.read(queries.statement, bob.account, limit=50, filters=filters).rows)

    assert (found("mallory lima"), found(DISGUISE)) == (1, 0)
