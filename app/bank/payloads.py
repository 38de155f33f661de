"""What the bank's clients send and see, in the words of the contract."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from typing_extensions import TypedDict

from app import clock, money
from app.bank.accounts import AccountState
from app.bank.holders import Holder
from app.bank.ledger import Posting
from app.bank.models import CASH_ACCOUNT_ID
from app.bank.queries import PAGE_ROWS_MAX, Filters, Movement
from app.bank.receipts import ReceiptView, grouped
from app.bank.totals import Summary, Totals
from app.errors import SameAccount
from app.fields import ID_MAX, AccountName, Body, Cents, Description, FilledDescription, Id, Query
from app.names import mask
from app.search import search
from app.wire import Movimentacao, Notificacao, SaldoAtualizado

PAGE_ROWS = 50

DEPOSIT, WITHDRAWAL, PAYMENT, TRANSFER = "deposito", "saque", "pagamento", "transferencia"

_LABELS = {DEPOSIT: "Depósito", WITHDRAWAL: "Saque", PAYMENT: "Pagamento", TRANSFER: "Transferência"}
_DONE = {
    DEPOSIT: "Depósito realizado com sucesso",
    WITHDRAWAL: "Saque realizado com sucesso",
    PAYMENT: "Pagamento realizado com sucesso",
    TRANSFER: "Transferência realizada com sucesso",
}


class NewAccount(Body):
    nome: AccountName


class Deposit(Body):
    correntista_id: Id
    valor: Cents


class Withdrawal(Body):
    correntista_id: Id
    valor: Cents


class Payment(Body):
    correntista_id: Id
    valor: Cents
    descricao: FilledDescription


class Transfer(Body):
    correntista_id_origem: Id
    correntista_id_destino: Id
    valor: Cents
    descricao: Description | None = None
    # Of a request of the conversation with the other, which this pays.
    cobranca_id: Id | None = None


def deposit(body: Deposit, user_id: int) -> Posting:
    return Posting(DEPOSIT, user_id, body.valor, _LABELS[DEPOSIT], CASH_ACCOUNT_ID, body.correntista_id)


def withdrawal(body: Withdrawal, user_id: int) -> Posting:
    return Posting(WITHDRAWAL, user_id, body.valor, _LABELS[WITHDRAWAL], body.correntista_id, CASH_ACCOUNT_ID)


def payment(body: Payment, user_id: int) -> Posting:
    return Posting(PAYMENT, user_id, body.valor, body.descricao, body.correntista_id, CASH_ACCOUNT_ID)


def transfer(body: Transfer, user_id: int) -> Posting:
    """Raises SameAccount."""
    if body.correntista_id_origem == body.correntista_id_destino:
        raise SameAccount
    return Posting(
        TRANSFER,
        user_id,
        body.valor,
        body.descricao or _LABELS[TRANSFER],
        body.correntista_id_origem,
        body.correntista_id_destino,
        body.cobranca_id,
    )


def _moment(value: str) -> str:
    try:
        clock.day_of(_end(value) - timedelta(microseconds=1))
    except (ValueError, OverflowError):
        raise ValueError("não é uma data válida") from None
    return value


Moment = Annotated[
    str,
    Field(max_length=40, description="Dia (em America/Sao_Paulo) ou momento ISO 8601."),
    AfterValidator(_moment),
]
Before = Annotated[int, Field(ge=1, le=ID_MAX)]


class Page(Query):
    limite: Annotated[int, Field(ge=1, le=PAGE_ROWS_MAX)] = PAGE_ROWS
    antes: Before | None = None


class FilterQuery(Query):
    de: Moment | None = None
    ate: Moment | None = None
    tipo: Literal["credito", "debito"] | None = None
    texto: Annotated[str, Field(max_length=100)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "FilterQuery":
        filters = self.filters()
        if filters.since and filters.until and filters.since >= filters.until:
            raise ValueError("O período termina antes de começar")
        return self

    def filters(self) -> Filters:
        return Filters(
            _start(self.de) if self.de else None,
            _end(self.ate) if self.ate else None,
            None if self.tipo is None else self.tipo == "credito",
            search(self.texto) if self.texto else None,
        )


class StatementQuery(FilterQuery, Page):
    """One page of a filtered statement."""


class TotalsQuery(FilterQuery):
    antes: Before | None = None


def _is_day(value: str) -> bool:
    return len(value) <= len("2026-01-01")


def _start(value: str) -> datetime:
    """A day means its beginning; a moment, which is in UTC when it does not say, means itself."""
    if _is_day(value):
        return clock.day_start(date.fromisoformat(value))
    moment = datetime.fromisoformat(value.replace(" ", "+"))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _end(value: str) -> datetime:
    """A day means its end; a moment means itself."""
    return clock.day_end(date.fromisoformat(value)) if _is_day(value) else _start(value)


class HolderOut(TypedDict):
    CorrentistaID: int
    Titular: str
    contato: bool
    primeira_vez: bool


class DayOut(TypedDict):
    dia: str
    entrou: float
    saiu: float


class TotalsOut(TypedDict):
    dias: list[DayOut]
    # The newest entry of the account that is counted.
    ate_movimentacao: int


class ClosingOut(TypedDict):
    dia: str
    saldo: float


class CountedOut(TypedDict):
    CorrentistaID: int
    ate_movimentacao: int


class SummaryOut(TypedDict):
    mes: str
    entrou: float
    saiu: float
    saldos: list[ClosingOut]
    contas: list[CountedOut]
    desde: str | None


class VerifiedOut(TypedDict):
    valido: bool
    codigo: str
    tipo: str
    valor: float
    data: str
    origem: str | None
    destino: str | None


class PartyOut(TypedDict):
    CorrentistaID: int
    Titular: str


class ProofOut(TypedDict):
    operacao_id: int
    tipo: str
    valor: float
    descricao: str
    data: str
    origem: PartyOut | None
    destino: PartyOut | None
    codigo: str
    endereco: str
    qr: str


class ReceiptOut(TypedDict):
    mensagem: str
    operacao_id: int
    movimentacao: Movimentacao
    saldo: float


def balance(state: AccountState) -> SaldoAtualizado:
    return {
        "CorrentistaID": state.id,
        "NomeCorrentista": state.name,
        "Saldo": money.to_json(state.balance_cents),
        "versao": state.version,
    }


def holder(account_id: int, seen: Holder) -> HolderOut:
    return {
        "CorrentistaID": account_id,
        "Titular": seen.name if seen.is_known else mask(seen.name),
        "contato": seen.is_contact,
        "primeira_vez": not seen.is_self and not seen.paid_before,
    }


def movement(row: Movement) -> Movimentacao:
    return {
        "MovimentacaoID": row.id,
        "CorrentistaID": row.account_id,
        "NomeCorrentista": row.account_name,
        "TipoOperacao": "Crédito" if row.amount_cents > 0 else "Débito",
        "Descricao": row.description,
        "DataOperacao": clock.iso(row.moved_at),
        "ValorOperacao": money.to_json(abs(row.amount_cents)),
        "SaldoApos": money.to_json(row.balance_after_cents),
        "BeneficiarioID": row.counterpart_id,
        "NomeBeneficiario": row.counterpart_name,
        "OperacaoID": row.operation_id,
    }


def totals(sums: Totals) -> TotalsOut:
    return {
        "dias": [
            {
                "dia": day.day.isoformat(),
                "entrou": money.to_json(day.in_cents),
                "saiu": money.to_json(day.out_cents),
            }
            for day in sums.days
        ],
        "ate_movimentacao": sums.last_entry_id,
    }


def summary(sums: Summary) -> SummaryOut:
    return {
        "mes": f"{sums.month:%Y-%m}",
        "entrou": money.to_json(sums.in_cents),
        "saiu": money.to_json(sums.out_cents),
        "saldos": [{"dia": day.isoformat(), "saldo": money.to_json(cents)} for day, cents in sums.closings],
        "contas": [{"CorrentistaID": i, "ate_movimentacao": last} for i, last in sums.last_entry_ids.items()],
        "desde": clock.iso(sums.since) if sums.since else None,
    }


def label(kind: str) -> str:
    """The name of a kind of operation."""
    return _LABELS[kind]


def verified(view: ReceiptView) -> VerifiedOut:
    return {
        "valido": True,
        "codigo": grouped(view.code),
        "tipo": view.kind,
        "valor": money.to_json(view.amount_cents),
        "data": clock.iso(view.made_at),
        "origem": mask(view.source_name) if view.source_name else None,
        "destino": mask(view.target_name) if view.target_name else None,
    }


def proof(view: ReceiptView, *, address: str, picture: str) -> ProofOut:
    """A receipt for its parties. `address` verifies it; `picture` is that address as a QR code."""
    return {
        "operacao_id": view.operation_id,
        "tipo": view.kind,
        "valor": money.to_json(view.amount_cents),
        "descricao": view.description,
        "data": clock.iso(view.made_at),
        "origem": _party(view.source_id, view.source_name),
        "destino": _party(view.target_id, view.target_name),
        "codigo": grouped(view.code),
        "endereco": address,
        "qr": picture,
    }


def _party(account_id: int, name: str | None) -> PartyOut | None:
    return {"CorrentistaID": account_id, "Titular": name} if name else None


def receipt(kind: str, operation_id: int, row: Movement) -> ReceiptOut:
    return {
        "mensagem": _DONE[kind],
        "operacao_id": operation_id,
        "movimentacao": movement(row),
        "saldo": money.to_json(row.balance_after_cents),
    }


def notification(rows: list[Movement], *, own: bool) -> Notificacao:
    """One operation as one of its users sees it; `rows` are the new movements of that user's accounts.

    `own`: that user did it, on whatever device, and need not be told that something happened.
    """
    first = rows[0]
    return {
        "tipo": first.kind,
        "mensagem": _sentence(rows),
        "timestamp": clock.iso(first.moved_at),
        "dados": {
            "valor": money.to_json(abs(first.amount_cents)),
            "descricao": first.description,
            "correntista_id": first.account_id,
            "operacao_id": first.operation_id,
            "propria": own,
            "movimentacoes": [movement(row) for row in rows],
        },
    }


def _sentence(rows: list[Movement]) -> str:
    first = rows[0]
    value = money.to_text(abs(first.amount_cents))
    if first.kind == DEPOSIT:
        return f"Depósito de {value} em {first.account_name}"
    if first.kind == WITHDRAWAL:
        return f"Saque de {value} de {first.account_name}"
    if first.kind == PAYMENT:
        return f"Pagamento de {value}: {first.description}"
    if len(rows) == 2:
        return f"Transferência de {value} de {first.account_name} para {first.counterpart_name}"
    if first.amount_cents > 0:
        return f"Você recebeu {value} de {first.counterpart_name}"
    return f"Você enviou {value} para {first.counterpart_name}"
