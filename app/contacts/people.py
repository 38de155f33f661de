"""A person's list of people, from what was decided and from whom the person has paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, not_, or_, select
from sqlalchemy.orm import aliased

from app import names
from app.contacts.history import History, Payment
from app.contacts.models import Contact, EmailRequest
from app.errors import NotFound
from app.users.models import User

CONTACTS_MAX = 500
# Open requests: that a person has made, and that a person is shown.
REQUESTS_MAX = 50
# Of the people whom somebody has paid, the latest are in the list.
HISTORY_MAX = 100

CONTACT, SENT, RECEIVED, HISTORY, BLOCKED = "contato", "pedido_enviado", "pedido_recebido", "historico", "bloqueado"

_Mine, _Theirs = aliased(Contact), aliased(Contact)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a list. `account_id`: where a transfer to this person would go, where that may be known."""

    user_id: int
    name: str
    situation: str
    is_favourite: bool
    account_id: int | None
    last_payment: Payment | None


def of_user(connection: Connection, user_id: int, history: History) -> list[Person]:
    """Contacts, requests both ways, whom the user has paid lately and whom the user blocks; by name."""
    paid = {payment.payee_id: payment for payment in history.newest_payees(connection, user_id, HISTORY_MAX)}
    decided = or_(_Mine.listed == 1, _Mine.blocked == 1)
    # Everybody whom anything was decided about, and everybody who asks: two indexes, two statements.
    rows = list(connection.execute(_pairs(user_id, decided).limit(2 * CONTACTS_MAX)))
    rows += connection.execute(_asking(user_id)).all()
    rows += connection.execute(_pairs(user_id, User.id.in_(paid))).all()
    found = {row.id: row for row in rows if row.id != user_id}
    return sorted(_people(connection, user_id, list(found.values()), history, paid), key=_by_name)


def one(connection: Connection, user_id: int, other_id: int, history: History) -> Person:
    """A person of the list, or one whom the user has dealt with. Raises NotFound for everybody else, real or not."""
    row = connection.execute(_pairs(user_id, User.id == other_id)).first()
    if row is None or other_id == user_id:
        raise NotFound
    if not (_is_listed(row) or history.dealt_with(connection, user_id, [other_id])):
        raise NotFound
    (person,) = _people(connection, user_id, [row], history, {}, also_removed=True)
    return person


def asked_emails(connection: Connection, user_id: int) -> list[EmailRequest]:
    """What the user asked by e-mail and is not answered, newest first."""
    columns = EmailRequest.id, EmailRequest.email, EmailRequest.created_at
    statement = select(*columns).where(EmailRequest.user_id == user_id).order_by(EmailRequest.id.desc())
    return [EmailRequest(**row._mapping) for row in connection.execute(statement)]


def count_listed(connection: Connection, user_id: int) -> int:
    """How many the user has decided to have in the list, or to block."""
    decided = (Contact.user_id == user_id) & ((Contact.listed == 1) | (Contact.blocked == 1))
    return connection.execute(select(func.count()).select_from(Contact).where(decided)).scalar_one()


def count_sent(connection: Connection, user_id: int) -> int:
    """How many requests of the user have no answer: by e-mail, and to people of the list."""
    by_email = select(func.count()).select_from(EmailRequest).where(EmailRequest.user_id == user_id)
    waits = and_(_Mine.consents == 1, _Theirs.consents == 0, not_(_asked_by_email(user_id)))
    pairs = _pairs(user_id, waits).with_only_columns(func.count())
    return connection.execute(by_email).scalar_one() + connection.execute(pairs).scalar_one()


def count_received(connection: Connection, user_id: int) -> int:
    """How many wait for the user's answer, REQUESTS_MAX at the most."""
    return len(connection.execute(_asking(user_id)).all())


def _by_name(person: Person) -> tuple[str, int]:
    return person.name.casefold(), person.user_id


def _pairs(user_id: int, condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """People under a condition, with what both sides decided."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            User.id,
            User.name,
            _Mine.consents,
            _Mine.refused,
            _Mine.listed,
            _Mine.favourite,
            _Mine.blocked,
            _Mine.removed_at,
            _Theirs.consents.label("they_consent"),
            _Theirs.blocked.label("they_block"),
            _Theirs.asked_at.label("they_asked_at"),
            _asked_by_email(user_id).label("asked_by_email"),
        )
        .outerjoin(_Mine, and_(_Mine.user_id == user_id, _Mine.other_id == User.id))
        .outerjoin(_Theirs, and_(_Theirs.user_id == User.id, _Theirs.other_id == user_id))
        .where(condition)
    )
    return statement


def _asked_by_email(user_id: int) -> ColumnElement[bool]:
    return exists().where(EmailRequest.user_id == user_id, EmailRequest.other_id == User.id)


def _asking(user_id: int) -> Select[*tuple[Any, ...]]:
    """Who waits for the user's answer, the latest first."""
    unanswered = and_(_Mine.consents == 0, _Mine.refused == 0, _Mine.blocked == 0)
    asks = and_(_Theirs.consents == 1, _Theirs.asked_at.is_not(None), _Theirs.blocked == 0)
    statement = _pairs(user_id, and_(asks, or_(_Mine.user_id.is_(None), unanswered)))
    return statement.order_by(_Theirs.asked_at.desc()).limit(REQUESTS_MAX)


def _asks(row: Row[*tuple[Any, ...]]) -> bool:
    answered = row.consents or row.refused or row.blocked
    return bool(row.they_consent and row.they_asked_at and not row.they_block and not answered)


def _is_listed(row: Row[*tuple[Any, ...]]) -> bool:
    return bool(row.listed or row.blocked or _asks(row))


def _situation(row: Row[*tuple[Any, ...]]) -> str:
    if row.blocked:
        return BLOCKED
    if row.consents and row.they_consent and not row.they_block:
        return CONTACT
    if _asks(row):
        return RECEIVED
    # That somebody of the list was asked by e-mail does not show before the answer: it would say whose address it is.
    return SENT if row.consents and not row.asked_by_email else HISTORY


def _people(
    connection: Connection,
    user_id: int,
    rows: Sequence[Row[*tuple[Any, ...]]],
    history: History,
    paid: dict[int, Payment],
    *,
    also_removed: bool = False,
) -> list[Person]:
    ids = [row.id for row in rows]
    paid = {**history.last_payments(connection, user_id, [i for i in ids if i not in paid]), **paid}
    dealt = history.dealt_with(connection, user_id, ids)
    situations = {row.id: _situation(row) for row in rows}
    known = [i for i in ids if i in dealt or situations[i] == CONTACT]
    accounts = history.first_accounts(connection, known)
    people = []
    for row in rows:
        payment = paid.get(row.id)
        if not (also_removed or _is_listed(row) or _paid_since(row.removed_at, payment)):
            continue
        people.append(
            Person(
                user_id=row.id,
                name=row.name if row.id in known else names.mask(row.name),
                situation=situations[row.id],
                is_favourite=bool(row.favourite),
                account_id=payment.target_account_id if payment else accounts.get(row.id),
                last_payment=payment,
            )
        )
    return people


def _paid_since(removed_at: datetime | None, payment: Payment | None) -> bool:
    return payment is not None and (removed_at is None or payment.moved_at > removed_at)
