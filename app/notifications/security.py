"""What concerns the safety of an account."""

from sqlalchemy import Connection

from app.notifications.kinds import SECURITY
from app.streams import notify
from app.users.security import SecurityNotice


def warn(connection: Connection, notice: SecurityNotice) -> None:
    """Tell a person of it: always shown, always pushed."""
    notify.tell(connection, notice.user_id, kind=SECURITY, message=notice.message, data=notice.data)
