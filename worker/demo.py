"""The demo data of `make run`: two people, three accounts. Only ever put into a database without users."""

from sqlalchemy import Connection, func, insert, select

from app import cards, clock
from app.bank import actions, payloads
from app.bank.models import Account
from app.db import Database
from app.streams.stream import streams
from app.users import actions as users
from app.users import passwords
from app.users.models import User

PASSWORD = "senha123"  # noqa: S105  public by intention
ADMIN, MARIA = "admin@teste.com", "maria@teste.com"


def create(db: Database) -> bool:
    """Whether it was created; False when there are users already."""
    return db.transact(_create, passwords.hash_password(PASSWORD))


def _create(connection: Connection, password_hash: str) -> bool:
    if connection.execute(select(func.count()).select_from(User)).scalar_one():
        return False
    admin = _person(connection, ADMIN, "João Silva", password_hash)
    maria = _person(connection, MARIA, "Maria Oliveira", password_hash)
    accounts = (
        (1, admin, "João Silva", 100_000),
        (2, admin, "Maria Santos", 150_000),
        (3, maria, "Maria Oliveira", 50_000),
    )
    for account_id, user_id, name, cents in accounts:
        connection.execute(
            insert(Account).values(
                id=account_id, user_id=user_id, name=name, balance_cents=0, version=0, created_at=clock.now()
            )
        )
        opening = payloads.deposit(payloads.Deposit(correntista_id=account_id, valor=cents // 100), user_id)
        actions.execute(connection, opening, key=f"demo:{account_id}", beside=cards.add)
    return True


def _person(connection: Connection, email: str, name: str, password_hash: str) -> int:
    person = users.register(connection, email=email, name=name, password_hash=password_hash)
    streams.open_for(connection, person.id)
    return person.id
