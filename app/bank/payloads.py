"""What the bank's clients send and see, in the words of the contract."""

from typing_extensions import TypedDict

from app import clock, money
from app.bank.accounts import AccountState
from app.bank.holders import Holder
from app.bank.ledger import Posting
from app.bank.models import CASH_ACCOUNT_ID
from app.bank.queries import Movement
from app.errors import SameAccount
from app.fields import AccountName, Body, Cents, Description, FilledDescription, Id
from app.names import mask
from app.wire import Movimentacao, Notificacao, SaldoAtualizado

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


class HolderOut(TypedDict):
    CorrentistaID: int
    Titular: str
    contato: bool
    primeira_vez: bool


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


def label(kind: str) -> str:
    """The name of a kind of operation."""
    return _LABELS[kind]


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


def of_schedule(told: Notificacao, schedule_id: int) -> Notificacao:
    """The same as the owner of the schedule that did it is told."""
    sentence = told["mensagem"]
    data = {**told["dados"], "agendamento_id": schedule_id}
    return {**told, "mensagem": f"Agendado: {sentence[0].lower()}{sentence[1:]}", "dados": data}


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
