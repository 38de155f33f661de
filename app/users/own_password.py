"""The password of somebody who is in, for what a session alone must not do."""

from app import http
from app.db import Database
from app.errors import WrongPassword
from app.users import actions, passwords, visit
from app.users.attempts import Attempts


def require_password(db: Database, attempts: Attempts, user_id: int, password: str) -> None:
    """Raises WrongPassword, TooFast."""
    with attempts.by_user(user_id, http.client_address()):
        person = db.authentication.read(actions.by_id, user_id)
        if not passwords.matches(password, person.password_hash, is_gone=visit.is_gone):
            raise WrongPassword
