"""People who register without the web: as it does it, with the slow hash of the password made once."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from app import factory
from app.bank import accounts
from app.db import Database
from app.users import actions as users
from app.users import sessions
from app.users.passwords import hash_password
from app.users.sessions import Place
from app.users.tokens import Tokens
from tests.support.cluster import Cluster
from tests.support.people import PASSWORD, Register, Registered
from tests.support.ports import LOOPBACK

TOKEN_TTL_S = 3600


@contextmanager
def registering(cluster: Cluster) -> Iterator[Register]:
    """On this cluster. `/registro` has tests of its own."""
    db, tokens = Database(cluster.database()), Tokens(cluster.jwt_secret(), TOKEN_TTL_S)
    hashed = hash_password(PASSWORD)

    def insert(connection: Connection, name: str, email: str) -> Registered:
        user = users.register(connection, email=email, name=name, password_hash=hashed)
        factory.welcome(connection, user.id, name)
        (account,) = accounts.of_user(connection, user.id)
        place = Place("Navegador de teste", LOOPBACK)
        session, _ = sessions.begin(connection, user_id=user.id, generation=user.generation, place=place, tokens=tokens)
        return Registered(user.id, account.id, sessions.token_of(session, tokens))

    yield lambda name, email: db.transact(insert, name, email)
    db.dispose()
