"""Every kind of Redis that REDIS_URL may name: with users of its own, behind sentinels, over TLS, a Redis Cluster."""

import hashlib
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import redis
from redis.exceptions import NoPermissionError, RedisError

from app.redis_keys import LIMITS_PREFIX
from deploy.local import redis as local_redis
from tests.support.cluster import ROOT, Cluster, running_cluster
from tests.support.deliveries import DEPOSITS, assert_brought_by_the_bus, deliveries, deposit_and_listen
from tests.support.people import PASSWORD, Person, eventually
from tests.support.ports import LOOPBACK
from tests.support.redis_cluster import redis_cluster
from tests.support.servers import DatabaseServer, RedisServer

SCRIPT_TIMEOUT_S = 30.0
REDIS_PASSWORD = "uma-senha-de-teste"
USERS = ROOT / "deploy" / "redis" / "users.acl"
# As the operator: sees what was refused to whom.
EXAMINER = f"user examiner on >{REDIS_PASSWORD} ~* &* +@all\n"

# Flask-SocketIO itself takes no address of sentinels; python-socketio, on which it rests, does.
STOCK_EMITTER = """
import sys
from flask_socketio import SocketIO
from socketio import RedisManager
url, room = sys.argv[1:]
payload = {"tipo": "aviso", "mensagem": "Olá", "timestamp": "2026-11-23T13:05:09+00:00", "dados": {}}
if url.startswith("redis+sentinel://"):
    emitter = RedisManager(url, channel="flask-socketio", write_only=True)
else:
    emitter = SocketIO(message_queue=url)
emitter.emit("notificacao", payload, to=room)
"""


def access_list() -> str:
    """In which all users have the same password."""
    digest = hashlib.sha256(REDIS_PASSWORD.encode()).hexdigest()
    return re.sub("REDIS_([A-Z]+_)?PASSWORD_SHA256", digest, USERS.read_text())


class RedisWithUsers(RedisServer):
    @property
    def url(self) -> str:
        return self.url_of("saldo-vivo")

    def url_of(self, user: str) -> str:
        return f"redis://{user}:{REDIS_PASSWORD}@{LOOPBACK}:{self.port}/0"

    def client(self, user: str) -> redis.Redis:
        return redis.Redis(port=self.port, username=user, password=REDIS_PASSWORD)

    def _command(self) -> list[str]:
        path = self._directory / "users.acl"
        path.write_text(access_list() + EXAMINER)
        return [*super()._command(), "--aclfile", str(path)]


class RedisOverTls(RedisServer):
    @property
    def url(self) -> str:
        return f"rediss://{LOOPBACK}:{self.port}/0?ssl_ca_certs={self._certificate}"

    @property
    def _certificate(self) -> Path:
        return self._directory / "certificate.pem"

    def _command(self) -> list[str]:
        key = self._directory / "key.pem"
        if not key.exists():
            make_certificate(self._certificate, key)
        tls = {
            "--port": "0",
            "--tls-port": str(self.port),
            "--tls-cert-file": str(self._certificate),
            "--tls-key-file": str(key),
            "--tls-ca-cert-file": str(self._certificate),
            "--tls-auth-clients": "no",
        }
        return [*super()._command(), *(word for pair in tls.items() for word in pair)]

    def _answers(self) -> bool:
        try:
            return bool(redis.Redis.from_url(self.url).ping())
        except RedisError:
            return False


class Sentinel(RedisServer):
    """Watches one Redis, and tells where it is."""

    NAME = "saldo-vivo"

    def __init__(self, directory: Path, watched: RedisServer) -> None:
        super().__init__(directory)
        self._watched = watched

    @property
    def url(self) -> str:
        return f"redis+sentinel://{LOOPBACK}:{self.port}/0/{self.NAME}"

    def _command(self) -> list[str]:
        config = self._directory / "sentinel.conf"
        config.write_text(
            f"port {self.port}\nbind {LOOPBACK}\ndir {self._directory}\n"
            f"sentinel monitor {self.NAME} {LOOPBACK} {self._watched.port} 1\n"
        )
        return [local_redis.command(self.port, self._directory)[0], str(config), "--sentinel"]


def make_certificate(certificate: Path, key: Path) -> None:
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=redis",
        "-addext",
    ]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, f"subjectAltName=IP:{LOOPBACK}", *files], check=True, capture_output=True)


@contextmanager
def started(server: RedisServer) -> Iterator[None]:
    try:
        server.start()
        yield
    finally:
        server.close()


@contextmanager
def cluster_on(mariadb: DatabaseServer, redis_url: str) -> Iterator[Cluster]:
    database = mariadb.create_database(f"addresses_{secrets.token_hex(4)}")
    with running_cluster(database_url=database, redis_url=redis_url, nodes=1) as cluster:
        yield cluster


def prove_that_everything_arrives(cluster: Cluster, *keepers: redis.Redis, stock_url: str = "") -> None:
    """A login through the limiter, a file, events and state over the bus, a stock emitter, the end of all sessions.

    `keepers`: of the keys, all of which they may look at. `stock_url`: for the stock emitter, where it takes another.
    """
    person = Person(cluster.url)
    credentials = {"email": person.email, "senha": PASSWORD}
    assert person.post("/login", credentials, token=None).status_code == 200
    assert person.get(f"/extrato/{person.account}.csv").status_code == 200
    with person.listening() as feed:
        before = deliveries(cluster.node_url("web1"))
        deposit_and_listen(person, feed, "5.00")
        emit_from_outside(stock_url or cluster.redis(), person)
        feed.wait_for("saldo_atualizado", lambda balance: balance["Saldo"] == 5 * DEPOSITS)
        feed.wait_for("notificacao", lambda event: event["tipo"] == "aviso")
        person.post("/logout", {"todos": True})
        feed.wait_for("sessao_encerrada")
    assert_brought_by_the_bus(cluster.node_url("web1"), before)

    def is_counted() -> bool:
        """A try that Redis was late for is counted in the node's own memory."""
        assert person.post("/login", credentials, token=None).status_code in (200, 429)
        return any(keeper.keys(f"{LIMITS_PREFIX}*") for keeper in keepers)

    eventually(is_counted, "tries that the limiter counts in Redis")


def emit_from_outside(redis_url: str, person: Person) -> None:
    command = [sys.executable, "-c", STOCK_EMITTER, redis_url, f"user_{person.id}"]
    subprocess.run(command, check=True, timeout=SCRIPT_TIMEOUT_S)


def test_the_user_of_the_acl_file_may_do_all_that_is_needed_and_nothing_else(
    mariadb: DatabaseServer, tmp_path: Path
) -> None:
    server = RedisWithUsers(tmp_path)
    with started(server):
        with cluster_on(mariadb, server.url) as cluster, server.client("examiner") as examiner:
            prove_that_everything_arrives(cluster, examiner)
            assert refused_by(examiner) == []
        with server.client("saldo-vivo") as ours:
            for forbidden in ("SET other 1", "GET other", "KEYS *", "FLUSHALL", "CONFIG GET *", "PUBLISH other 1"):
                with pytest.raises(NoPermissionError):
                    ours.execute_command(*forbidden.split())


def refused_by(keeper: redis.Redis) -> list[str]:
    # Redis 7.2 and newer would note how the client's library calls itself, and need not.
    return [str(entry["object"]) for entry in keeper.acl_log() if entry["object"] != "client|setinfo"]


def test_redis_behind_sentinels(mariadb: DatabaseServer, tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    (tmp_path / "sentinel").mkdir()
    watched = RedisServer(tmp_path / "redis")
    sentinel = Sentinel(tmp_path / "sentinel", watched)
    with started(watched), started(sentinel), cluster_on(mariadb, sentinel.url) as cluster:
        prove_that_everything_arrives(cluster, redis.Redis(port=watched.port))


def test_redis_over_tls(mariadb: DatabaseServer, tmp_path: Path) -> None:
    server = RedisOverTls(tmp_path)
    with started(server), cluster_on(mariadb, server.url) as cluster:
        prove_that_everything_arrives(cluster, redis.Redis.from_url(server.url))


def test_a_redis_cluster_with_the_user_of_the_acl_file(mariadb: DatabaseServer) -> None:
    with redis_cluster() as servers, ExitStack() as stack:
        for node in servers.nodes:
            node.ask("ACL", "SETUSER", *user_of_the_acl_file())
        url = servers.url.replace("//", f"//saldo-vivo:{REDIS_PASSWORD}@")
        with cluster_on(mariadb, url) as cluster:
            keepers = [stack.enter_context(redis.Redis(port=node.port)) for node in servers.nodes]
            prove_that_everything_arrives(cluster, *keepers, stock_url=servers.primaries[0].url)
            assert [refused_by(keeper) for keeper in keepers] == [[]] * len(keepers)


def user_of_the_acl_file() -> list[str]:
    """The user's name and what it may do."""
    _, user, *_others = access_list().splitlines()
    return user.split()[1:]
