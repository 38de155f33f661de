"""How often one person, or one address with many, may ask others to be their contacts. See docs/security.md."""

from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter

ASKS_BY_USER = limiter.per_hour("contact-ask", 20)
ASKS_BY_ADDRESS = limiter.per_hour("contact-ask-address", 100)
# Everything else that changes a list and so is told to its tabs, and at times to the other person's.
CHANGES_BY_USER = limiter.per_minute("contact-change", 60)


def count_ask(limits: Limiter, user_id: int, address: str) -> None:
    """Raises TooFast."""
    limits.check(ASKS_BY_USER, str(user_id))
    limits.check(ASKS_BY_ADDRESS, address)


def count_change(limits: Limiter, user_id: int) -> None:
    """Raises TooFast."""
    limits.check(CHANGES_BY_USER, str(user_id))
