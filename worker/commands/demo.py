"""`python -m worker demo`: two people who chat, three accounts. Only ever put into a database without users."""

import click
from sqlalchemy import Connection, func, insert, select

from app import cards, clock
from app.bank import accounts, actions, payloads
from app.bank.models import Account
from app.chat import actions as chat
from app.chat import money
from app.contacts import pairs
from app.contacts import queries as contacts
from app.db import Database
from app.settings import Stores
from app.streams.stream import streams
from app.users import actions as users
from app.users import passwords
from app.users.models import User

PASSWORD = "senha123"  # noqa: S105  public by intention
ADMIN, MARIA = "admin@teste.com", "maria@teste.com"
MARIAS_ACCOUNT = 3


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
        (MARIAS_ACCOUNT, maria, "Maria Oliveira", 50_000),
    )
    for account_id, user_id, name, cents in accounts:
        connection.execute(
            insert(Account).values(
                id=account_id, user_id=user_id, name=name, balance_cents=0, version=0, created_at=clock.now()
            )
        )
        opening = payloads.deposit(payloads.Deposit(correntista_id=account_id, valor=cents // 100), user_id)
        actions.execute(connection, opening, key=f"demo:{account_id}", beside=cards.add)
    _talk(connection, admin, maria)
    return True


def _talk(connection: Connection, admin: int, maria: int) -> None:
    """The two are contacts of each other, have said a few things, and one asks the other for money."""
    known = pairs.lock(connection, admin, maria)
    assert known is not None, "both were just made"
    for side in (known.mine, known.theirs):
        pairs.write(connection, side, consents=1, listed=1)
    said = (
        (maria, admin, "Oi, João! O almoço de domingo está de pé?"),
        (admin, maria, "Está! Eu levo a sobremesa 🍮"),
        (maria, admin, "Combinado. Fiz as compras hoje, a gente divide?"),
        (admin, maria, "Claro, me cobra por aqui."),
    )
    for number, (sender, receiver, text) in enumerate(said):
        sent = chat.send(
            connection,
            sender_id=sender,
            receiver_id=receiver,
            text=text,
            client_id=f"demo-{number}",
            connected=contacts.held_connected,
        )
        chat.read(connection, user_id=receiver, other_id=sender, to=sent.id, connected=contacts.connected)
    money.ask(
        connection,
        sender_id=maria,
        receiver_id=admin,
        account_id=MARIAS_ACCOUNT,
        amount_cents=4590,
        text="Metade das compras",
        client_id="demo-cobranca",
        connected=contacts.held_connected,
        require_owned=accounts.owned,
    )


def _person(connection: Connection, email: str, name: str, password_hash: str) -> int:
    person = users.register(connection, email=email, name=name, password_hash=password_hash)
    streams.open_for(connection, person.id)
    return person.id


@click.command()
@click.pass_obj
def demo(stores: Stores) -> None:
    """Put the demo data into a database that has no users. Not for production."""
    db = Database(stores.database_url)
    click.echo("demo data created" if create(db) else "there are users already; nothing done")
    db.dispose()
