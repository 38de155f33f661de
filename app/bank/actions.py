"""Deposit, withdrawal, payment, transfer: check, move, tell everyone concerned, in one transaction."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from flask_socketio_cluster.streams.stream import Append, State
from sqlalchemy import Connection

from app import wire
from app.bank import idempotency, ledger, payees, payloads, statement_lines
from app.bank.accounts import AccountState, counterpart_name
from app.bank.ledger import Posting
from app.bank.models import CASH_ACCOUNT_ID
from app.bank.queries import Movement
from app.errors import (
    AccountNotFound,
    AppError,
    BalanceLimit,
    InsufficientFunds,
    NotFound,
    NotYourAccount,
    OperationLimit,
)
from app.money import BALANCE_CENTS_MAX
from app.streams.stream import streams


@dataclass(frozen=True, slots=True)
class Outcome:
    """The body to answer, or why the operation was refused; either is kept with the key."""

    body: payloads.ReceiptOut | None
    refusal: AppError | None = None


@dataclass(frozen=True, slots=True)
class Transferred:
    """A transfer from one person to another, as another part of the application needs to know it."""

    payer_id: int
    payee_id: int
    operation_id: int
    amount_cents: int
    description: str
    target_account_id: int
    request_id: int | None


# What such a part writes in the same transaction, after the accounts were locked; what both are told of it.
Beside = Callable[[Connection, Transferred], list[Append]]
# Asked with the amount in centavos.
Approve = Callable[[Connection, int], None]


def execute(
    connection: Connection,
    posting: Posting,
    *,
    key: str,
    beside: Beside,
    too_fast: OperationLimit | None = None,
    approve: Approve | None = None,
    schedule_id: int | None = None,
) -> Outcome:
    """Do `posting` once under `key`, and tell the owner of every account that it touches.

    With `schedule_id` a schedule of theirs does it, not they themselves: they are told as of what others did.

    With `too_fast` it is not done, and that is raised, unless the key was answered before: a client whose answer got
    lost must never take a limit for the outcome.

    `approve` raises why an operation of its amount may not be done without more; then nothing is done under the key.

    Locks, in this order: the key, what `approve` locks, the accounts by id, who has paid whom, what `beside` locks, the
    users' streams by id.
    A refusal (no such account, not yours, not enough money) changes nothing but is kept with the key, so it is
    returned, not raised.
    Raises KeyReused, KeyInFlight, the refusal that this key was answered with before, and what `approve` and `beside`
    raise.
    """
    fields = {name: value for name, value in asdict(posting).items() if value is not None}
    asked = idempotency.fingerprint(posting.kind, fields)
    replay = idempotency.begin(connection, user_id=posting.user_id, key=key, asked=asked)
    if replay is not None:
        return Outcome(replay)  # type: ignore[arg-type]  # the body that payloads.receipt once made
    if too_fast is not None:
        raise too_fast
    if approve is not None:
        approve(connection, posting.amount_cents)
    locked = ledger.lock(connection, (posting.source_account_id, posting.target_account_id))
    refusal = _refusal(posting, locked)
    if refusal is not None:
        idempotency.keep_refusal(connection, user_id=posting.user_id, key=key, refusal=refusal)
        return Outcome(None, refusal)
    posted = ledger.post(connection, posting, locked)
    movements = _movements(posting, posted)
    owners = [account.user_id for account in posted.accounts.values()]
    statement_lines.add(connection, movements, between_own=len(owners) > len(set(owners)))
    _record_payee(connection, posting, posted)
    body = payloads.receipt(posting.kind, posted.operation_id, movements[0])
    idempotency.keep(connection, user_id=posting.user_id, key=key, body=dict(body))
    transferred = _transferred(posting, posted)
    told_beside = beside(connection, transferred) if transferred else []
    streams.append(connection, _told(posting, posted, movements, schedule_id))
    if told_beside:
        streams.append(connection, told_beside)
    return Outcome(body)


def _transferred(posting: Posting, posted: ledger.Posted) -> Transferred | None:
    """None for what is no transfer between two people. Raises NotFound where that was to pay a request."""
    source = posted.accounts.get(posting.source_account_id)
    target = posted.accounts.get(posting.target_account_id)
    if source is None or target is None or source.user_id == target.user_id:
        if posting.request_id is not None:
            raise NotFound
        return None
    return Transferred(
        source.user_id,
        target.user_id,
        posted.operation_id,
        posting.amount_cents,
        posting.description,
        posting.target_account_id,
        posting.request_id,
    )


def _refusal(posting: Posting, locked: dict[int, AccountState]) -> AppError | None:
    source = locked.get(posting.source_account_id)
    target = locked.get(posting.target_account_id)
    if source is None and posting.source_account_id != CASH_ACCOUNT_ID:
        return AccountNotFound()
    if target is None and posting.target_account_id != CASH_ACCOUNT_ID:
        return AccountNotFound()
    own = source or target
    assert own is not None, "cash to cash is no operation"
    if own.user_id != posting.user_id:
        return NotYourAccount()
    if source and source.balance_cents < posting.amount_cents:
        return InsufficientFunds()
    if target and target.balance_cents + posting.amount_cents > BALANCE_CENTS_MAX:
        return BalanceLimit()
    return None


def _movements(posting: Posting, posted: ledger.Posted) -> list[Movement]:
    """The new statement rows as `queries.newest` will read them; first the account that the request named first."""
    sides = (
        (posting.source_account_id, posting.target_account_id, -posting.amount_cents),
        (posting.target_account_id, posting.source_account_id, posting.amount_cents),
    )
    rows = []
    for account_id, other_id, change_cents in sides:
        account, other = posted.accounts.get(account_id), posted.accounts.get(other_id)
        if account is None:
            continue
        rows.append(
            Movement(
                id=posted.entry_ids[account_id],
                account_id=account_id,
                account_name=account.name,
                kind=posting.kind,
                description=posting.description,
                moved_at=posted.created_at,
                amount_cents=change_cents,
                balance_after_cents=account.balance_cents,
                counterpart_id=other.id if other else None,
                counterpart_name=counterpart_name(account, other) if other else None,
                operation_id=posted.operation_id,
            )
        )
    return rows


def _record_payee(connection: Connection, posting: Posting, posted: ledger.Posted) -> None:
    sides = (posting.source_account_id, posting.target_account_id)
    owners = [posted.accounts[i].user_id for i in sides if i in posted.accounts]
    if len(set(owners)) == len(sides):
        payees.record(
            connection,
            payer_id=owners[0],
            payee_id=owners[1],
            operation_id=posted.operation_id,
            moved_at=posted.created_at,
            entries=[posted.entry_ids[i] for i in sides],
        )


def _told(posting: Posting, posted: ledger.Posted, movements: list[Movement], schedule_id: int | None) -> list[Append]:
    owners = {movement.account_id: posted.accounts[movement.account_id].user_id for movement in movements}
    told = []
    for user_id in sorted(set(owners.values())):
        own = [movement for movement in movements if owners[movement.account_id] == user_id]
        state = [
            State(
                wire.SALDO_ATUALIZADO,
                f"conta:{m.account_id}",
                payloads.balance(posted.accounts[m.account_id]),
            )
            for m in own
        ]
        is_owner = user_id == posting.user_id
        by_self = is_owner and schedule_id is None
        payload = payloads.notification(own, own=by_self)
        if is_owner and schedule_id is not None:
            payload = payloads.of_schedule(payload, schedule_id)
        told.append(Append(user_id, wire.NOTIFICACAO, dict(payload), state, is_notice=not by_self))
    return told
