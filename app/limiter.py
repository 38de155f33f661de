"""The bank's rate limiter: the package's, with our counters' names and our refusal."""

from flask_socketio_cluster import redis_client
from flask_socketio_cluster.limits.limiter import Limiter

from app.errors import TooFast
from app.redis_keys import LIMITS_PREFIX


def connect(
    redis_url: str,
    *,
    connect_timeout_s: float = redis_client.CONNECT_TIMEOUT_S,
    answer_timeout_s: float = redis_client.ANSWER_TIMEOUT_S,
) -> Limiter:
    """Raises TooFast with the seconds to wait."""
    return Limiter(
        redis_url,
        key_prefix=LIMITS_PREFIX,
        refusal=lambda retry_after_s: TooFast(retry_after_s=retry_after_s),
        connect_timeout_s=connect_timeout_s,
        answer_timeout_s=answer_timeout_s,
    )
