"""How this project reaches Redis: `redis://`, `rediss://` and `redis+sentinel://`, never waiting past a bound."""

from urllib.parse import unquote, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry
from redis.sentinel import Sentinel

CONNECT_TIMEOUT_S = 0.1
ANSWER_TIMEOUT_S = 0.2

Client = Redis


def connect(
    url: str, *, connect_timeout_s: float = CONNECT_TIMEOUT_S, answer_timeout_s: float | None = ANSWER_TIMEOUT_S
) -> Client:
    """A client that gives up after `connect_timeout_s` + `answer_timeout_s`; no traffic happens here.

    A connection that was closed since its last use is opened again once; a time-out is not tried again.
    Sentinel: `redis+sentinel://[user:password@]host1:port1,host2:port2/db/service`.
    """
    options = {
        "socket_connect_timeout": connect_timeout_s,
        "socket_timeout": answer_timeout_s,
        "protocol": 2,
        "retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        "health_check_interval": 0,
    }
    to_sentinels = {**options, "socket_timeout": ANSWER_TIMEOUT_S, "retry": Retry(NoBackoff(), 0)}
    if not url.startswith("redis+sentinel://"):
        return Redis.from_url(url, **options)
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    username, _, password = credentials.partition(":")
    database, _, service = parts.path.strip("/").partition("/")
    sentinels = [(host, int(port)) for host, _, port in (h.rpartition(":") for h in hosts.split(","))]
    client: Client = Sentinel(sentinels, sentinel_kwargs=to_sentinels).master_for(
        service or "mymaster",
        db=int(database or 0),
        username=unquote(username) or None,
        password=unquote(password) or None,
        **options,
    )
    return client
