"""This project's node as production runs it, and the users and tokens that a run needs."""

import json
import secrets
import sys
from datetime import UTC, datetime

from sqlalchemy import insert, make_url

from app.bank.models import Account
from app.db import Database
from app.migrations import runner
from app.streams.models import UserStream
from app.users.models import User
from app.users.tokens import Tokens
from bench.payload import PAYLOAD_JSON, SEQ_MARK
from bench.peers import GUNICORN, NodeSharded, Peer

TOKEN_TTL_S = 24 * 3600
BALANCE_CENTS = 100_000_000
ROWS_AT_ONCE = 1000
NO_PASSWORD = "!"


class Ours(Peer):
    """A node with its database: gunicorn with the project's own settings, nothing left out."""

    name = "ours"
    # Everyone: there are no rooms but those of users.
    big_room = ""

    def __init__(self, database_url: str, secret: str | None = None) -> None:
        self.database_url = database_url
        self.secret = secret or secrets.token_hex(32)
        self._tokens = Tokens(self.secret, TOKEN_TTL_S)

    def prepare(self, users: range) -> None:
        """The schema, and for each user a stream and an account with the user's own number."""
        db = Database(self.database_url)
        runner.upgrade(db)
        now = datetime.now(UTC)
        for start in range(users.start, users.stop, ROWS_AT_ONCE):
            ids = users[start - users.start : start - users.start + ROWS_AT_ONCE]
            with db.engine.begin() as connection:
                connection.execute(insert(User), [_user(user_id, now) for user_id in ids])
                connection.execute(
                    insert(UserStream), [{"user_id": user_id, "seq": 0, "notices": 0} for user_id in ids]
                )
                connection.execute(insert(Account), [_account(user_id, now) for user_id in ids])
        db.dispose()

    def token(self, user_id: int) -> str:
        return self._tokens.issue(user_id, 1)

    def auth(self, user_id: int) -> str:
        return json.dumps({"token": self.token(user_id)})

    def environment(self, *, port: int, redis_port: int, node_id: str) -> dict[str, str]:
        return {
            **super().environment(port=port, redis_port=redis_port, node_id=node_id),
            "BIND": f"127.0.0.1:{port}",
            "DATABASE_URL": self.database_url,
            "JWT_SECRET": self.secret,
            # All clients come from one address: what they do is counted, and not limited.
            "LIMITS_DRY_RUN": "on",
        }

    def node_command(self, port: int, redis_port: int) -> list[str]:
        return [*GUNICORN, "-c", "deploy/gunicorn.conf.py", "app.wsgi:app"]

    def emit_command(self, redis_port: int, room: str) -> list[str]:
        return self._routed("live", redis_port, room)

    def relay_command(self, redis_port: int) -> list[str]:
        """One durable event, as the worker sends it."""
        return self._routed("durable", redis_port, SEQ_MARK)

    def worker_command(self) -> list[str]:
        return [sys.executable, "-m", "worker", "run"]

    @staticmethod
    def _routed(form: str, redis_port: int, target: str) -> list[str]:
        return [sys.executable, "-m", "bench.peers.routed", form, str(redis_port), target, PAYLOAD_JSON]


def _user(user_id: int, now: datetime) -> dict[str, object]:
    return {
        "id": user_id,
        "email": f"u{user_id}@teste.com",
        "name": f"Cliente {user_id}",
        "password_hash": NO_PASSWORD,
        "token_generation": 1,
        "created_at": now,
    }


def _account(user_id: int, now: datetime) -> dict[str, object]:
    return {
        "id": user_id,
        "user_id": user_id,
        "name": f"Cliente {user_id}",
        "balance_cents": BALANCE_CENTS,
        "version": 0,
        "created_at": now,
    }


class NodeChecked(NodeSharded):
    """Node's socket.io that asks of a client what this project asks: a token, that the database has not revoked it, and
    where the user's stream is. Same users, same tokens, same database."""

    name = "checked"

    def __init__(self, ours: Ours) -> None:
        self._ours = ours

    def auth(self, user_id: int) -> str:
        return self._ours.auth(user_id)

    def environment(self, *, port: int, redis_port: int, node_id: str) -> dict[str, str]:
        database = make_url(self._ours.database_url)
        return {
            **super().environment(port=port, redis_port=redis_port, node_id=node_id),
            "JWT_SECRET": self._ours.secret,
            "DATABASE_PORT": str(database.port),
            "DATABASE_USER": str(database.username),
            "DATABASE_PASSWORD": str(database.password),
            "DATABASE_NAME": str(database.database),
        }

    def node_command(self, port: int, redis_port: int) -> list[str]:
        return [*super().node_command(port, redis_port)[:-1], "checked"]
