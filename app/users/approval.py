"""The code that a large amount, or an action of an administrator, asks for, in the request's header."""

from dataclasses import dataclass

from flask import request
from flask_socketio_cluster.limits.limiter import Limiter
from sqlalchemy import Connection

from app.errors import (
    ActionNeedsCode,
    ActionNeedsFactor,
    NoSecondFactor,
    RefusedCode,
    SecondFactorMissing,
    TooFast,
    WrongCode,
)
from app.users import codes, second_factor

HEADER = "Segundo-Fator"


@dataclass(frozen=True, slots=True)
class Approval:
    """`too_fast`: why the code is not even compared. Known before the transaction, since Redis is a network away."""

    user_id: int
    code: str | None
    too_fast: TooFast | None = None

    def require(self, connection: Connection, amount_cents: int) -> None:
        """Use up the code where this amount asks for one of this person.

        Raises SecondFactorMissing, RefusedCode, TooFast. Locks the second factor's row, after the user's.
        """
        limit_cents = second_factor.limit_cents(connection, self.user_id)
        if limit_cents is None or amount_cents < limit_cents:
            return
        if self.code is None:
            raise SecondFactorMissing
        self._use_up(connection, self.code)

    def require_always(self, connection: Connection) -> None:
        """Use up the code, whatever it is for. As `require`; raises ActionNeedsFactor for who has none, and
        ActionNeedsCode."""
        if not second_factor.is_active(connection, self.user_id):
            raise ActionNeedsFactor
        if self.code is None:
            raise ActionNeedsCode
        self._use_up(connection, self.code)

    def _use_up(self, connection: Connection, code: str) -> None:
        if self.too_fast is not None:
            raise self.too_fast
        try:
            second_factor.use(connection, self.user_id, code)
        except (WrongCode, NoSecondFactor):
            raise RefusedCode from None


def of_request(limits: Limiter, user_id: int) -> Approval:
    """What the request brings along; a code in it is counted as a try."""
    code = request.headers.get(HEADER)
    if code is None:
        return Approval(user_id, None)
    try:
        second_factor.count_try(limits, user_id, is_inside=True)
    except TooFast as too_fast:
        return Approval(user_id, code, too_fast)
    return Approval(user_id, code[: codes.TYPED_CHARS_MAX])
