"""How this project reaches Redis, never waiting past a bound: `redis://`, `rediss://`, `redis+sentinel://`,
`redis+cluster://` and `rediss+cluster://`."""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.cluster import ClusterNode, RedisCluster
from redis.connection import ConnectionPool, parse_url
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException, RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel

CONNECT_TIMEOUT_S = 0.1
ANSWER_TIMEOUT_S = 0.2
# For a loop that nobody waits for: to it, a Redis that is slow or far is not away.
PATIENCE_S = 1.0
# While somebody asks a Redis Cluster who owns which slots, how long others wait with what needs to know it.
TURN_WAIT_S = 0.3

_CLUSTER_SCHEMES = ("redis+cluster://", "rediss+cluster://")

Client = Redis


def is_cluster(url: str) -> bool:
    """Whether the address is that of a Redis Cluster."""
    return url.startswith(_CLUSTER_SCHEMES)


def connect(
    url: str, *, connect_timeout_s: float = CONNECT_TIMEOUT_S, answer_timeout_s: float | None = ANSWER_TIMEOUT_S
) -> Client:
    """A client that gives up after `connect_timeout_s` + `answer_timeout_s`; no traffic happens here.

    A new connection is used without a round trip, but for AUTH and SELECT where the address asks for them.
    A connection that was closed since its last use is opened again once; a time-out is not tried again.
    Sentinel: `redis+sentinel://[user:password@]host1:port1,host2:port2/db/service`.
    Redis Cluster: `redis+cluster://[user:password@]host1:port1,host2:port2`, some of its nodes. A command is tried
    once more after a look at who owns which slots. One caller at a time looks, which may take the two time-outs for
    each node that is away; the others give up after TURN_WAIT_S.
    """
    if is_cluster(url):
        options = cluster_options(url, connect_timeout_s=connect_timeout_s, answer_timeout_s=answer_timeout_s)
        return cast(Client, ClusterClient(options))
    options = {
        "socket_connect_timeout": connect_timeout_s,
        "socket_timeout": answer_timeout_s,
        "protocol": 2,
        "retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        "health_check_interval": 0,
        # Else redis-py says its name and its version first, each in a round trip of its own.
        "driver_info": None,
    }
    to_sentinels = {**options, "socket_timeout": answer_timeout_s or PATIENCE_S, "retry": Retry(NoBackoff(), 0)}
    if not url.startswith("redis+sentinel://"):
        return Redis.from_url(url, **options)
    parts = urlsplit(url)
    username, _, password = parts.netloc.rpartition("@")[0].partition(":")
    database, _, service = parts.path.strip("/").partition("/")
    client: Client = Sentinel(_hosts(url), sentinel_kwargs=to_sentinels).master_for(
        service or "mymaster",
        db=int(database or 0),
        username=unquote(username) or None,
        password=unquote(password) or None,
        **options,
    )
    return client


def connect_patiently(url: str) -> Client:
    """As `connect`, with PATIENCE_S for a connection and as much for an answer."""
    return connect(url, connect_timeout_s=PATIENCE_S, answer_timeout_s=PATIENCE_S)


def cluster_options(url: str, *, connect_timeout_s: float, answer_timeout_s: float | None) -> dict[str, Any]:
    """Arguments for redis-py's RedisCluster."""
    options = dict(parse_url(node_url(url, *_hosts(url)[0])))
    for of_one_node in ("host", "port", "db"):
        options.pop(of_one_node)
    return options | {
        "startup_nodes": [ClusterNode(host, port) for host, port in _hosts(url)],
        "ssl": options.pop("connection_class", None) is not None,
        "socket_connect_timeout": connect_timeout_s,
        "socket_timeout": answer_timeout_s,
        "protocol": 2,
        "retry": Retry(NoBackoff(), 1),
        "driver_info": None,
        # The names of the address go on being asked, also when all of the cluster comes back elsewhere.
        "dynamic_startup_nodes": False,
        # The slots that somebody owns are served while others have lost their primary.
        "require_full_coverage": False,
    }


def bounded(client: RedisCluster) -> RedisCluster:
    """Without redis-py's queue of callers that all ask, one after the other, a cluster that is away."""
    lock, look = Lock(), client.nodes_manager.initialize

    def initialize(*args: Any, **kwargs: Any) -> None:
        with turn(lock):
            look(*args, **kwargs)

    client.nodes_manager.initialize = initialize  # type: ignore[method-assign]  # redis-py has no setting for it
    return client


@contextmanager
def turn(lock: Lock) -> Iterator[None]:
    """Hold `lock`. Raises redis-py's ConnectionError when that takes longer than TURN_WAIT_S."""
    if not lock.acquire(timeout=TURN_WAIT_S):
        raise RedisConnectionError("who owns which slots is still being asked")
    try:
        yield
    finally:
        lock.release()


# A key and what a script is given besides.
Call = tuple[str, Iterable[Any]]


def eval_each(client: Client, script: str, calls: Iterable[Call]) -> list[Any]:
    """Run `script` for each of several keys, in one round trip; the answers in the order of the calls.

    Raises RedisError, and then some may have run."""
    if isinstance(client, ClusterClient):
        return client.eval_each(script, calls)
    pipeline = client.pipeline(transaction=False)
    for key, args in calls:
        pipeline.eval(script, 1, key, *args)
    return pipeline.execute()


class _Pipelines:
    """One for each primary of a Redis Cluster. redis-py's own asks again for each command by itself when a primary is
    away."""

    def __init__(self, client: RedisCluster) -> None:
        self._client = client
        self._by_owner: dict[str, Pipeline] = {}

    def of(self, key: bytes | str) -> Pipeline:
        owner = self._client.get_node_from_key(key)
        if owner.name not in self._by_owner:
            self._by_owner[owner.name] = self._client.get_redis_connection(owner).pipeline(transaction=False)
        return self._by_owner[owner.name]

    def all(self) -> Iterable[Pipeline]:
        return self._by_owner.values()


class ClusterClient:
    """redis-py's RedisCluster, made when it is first used. Whatever it raises for Redis is a RedisError."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._lock = Lock()
        self._client: RedisCluster | None = None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def command(*args: Any, **kwargs: Any) -> Any:
            with _redis_errors():
                return getattr(self._connected(), name)(*args, **kwargs)

        return command

    def ping(self) -> None:
        """Ask one node; redis-py asks all of them."""
        with _redis_errors():
            self._connected().ping(target_nodes=RedisCluster.DEFAULT_NODE)

    def spublish_all(self, messages: Iterable[tuple[bytes, bytes]]) -> None:
        """Publish to sharded channels, in order for each of them, in one round trip to each primary. Raises RedisError
        unless every one was taken; the next call then finds anew who owns what."""
        with _redis_errors():
            client = self._connected()
            try:
                for pipeline in self._by_owner(client, messages):
                    pipeline.execute()
            except (RedisError, RedisClusterException):
                self._client = None
                raise

    @staticmethod
    def _by_owner(client: RedisCluster, messages: Iterable[tuple[bytes, bytes]]) -> Iterable[Pipeline]:
        pipelines = _Pipelines(client)
        for channel, message in messages:
            pipelines.of(channel).spublish(channel, message)
        return pipelines.all()

    def eval_each(self, script: str, calls: Iterable[Call]) -> list[Any]:
        """See `eval_each` of this module: one round trip to each primary."""
        with _redis_errors():
            client = self._connected()
            try:
                pipelines, places = _Pipelines(client), []
                for key, args in calls:
                    pipeline = pipelines.of(key)
                    places.append((pipeline, len(pipeline)))
                    pipeline.eval(script, 1, key, *args)
                answers = {id(pipeline): pipeline.execute() for pipeline in pipelines.all()}
                return [answers[id(pipeline)][place] for pipeline, place in places]
            except (RedisError, RedisClusterException):
                self._client = None
                raise

    def _connected(self) -> RedisCluster:
        client = self._client
        if client is None:
            with turn(self._lock):
                client = self._client = self._client or bounded(RedisCluster(**self._options))
        return client


@contextmanager
def _redis_errors() -> Iterator[None]:
    """redis-py's errors of a cluster as a whole are no RedisError."""
    try:
        yield
    except RedisClusterException as error:
        raise RedisConnectionError(str(error)) from error


def subscription_pool(url: str) -> ConnectionPool:
    """Where to subscribe; of a Redis Cluster any of the nodes that the address names, another each time."""
    # No time-out on reads: an idle subscription is healthy.
    if is_cluster(url):
        url = node_url(url, *random.choice(_hosts(url)))
    return connect(url, connect_timeout_s=PATIENCE_S, answer_timeout_s=None).connection_pool


def node_url(cluster_url: str, host: str, port: int) -> str:
    """The address of one node of a Redis Cluster by itself."""
    parts = urlsplit(cluster_url)
    credentials, at, _ = parts.netloc.rpartition("@")
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme.removesuffix('+cluster')}://{credentials}{at}{host}:{port}/0{query}"


def _hosts(url: str) -> list[tuple[str, int]]:
    hosts = urlsplit(url).netloc.rpartition("@")[2]
    return [(host, int(port)) for host, _, port in (h.rpartition(":") for h in hosts.split(","))]
