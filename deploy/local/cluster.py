"""The cluster as a whole: what is started after what, and what is stopped before what."""

from deploy.local import parts, redis
from deploy.local.cluster_file import ClusterFile, ProcessEntry
from deploy.local.console import Console
from deploy.local.ports import free_port
from deploy.local.prepared import Preparation
from deploy.local.settings import LauncherSettings
from deploy.local.supervisor import StopAsked, Supervisor

START_TIMEOUT_S = 120.0
# Longer than the grace that gunicorn gives to requests in flight (deploy/gunicorn.conf.py).
STOP_TIMEOUT_S = 10.0

DEMO_LOGIN = "admin@teste.com / senha123"


class Cluster:
    """The parts of one cluster in one run folder, which nobody else uses."""

    def __init__(self, settings: LauncherSettings) -> None:
        """Choose ports and write what the parts read. Raises MissingBinary."""
        self._settings = settings
        redis_port = free_port()
        self._redis = None if settings.redis_url else parts.redis_part(settings.run_dir, redis_port)
        self._redis_url = settings.redis_url or redis.url(redis_port)
        env = parts.environment(settings, self._redis_url)
        self._shows_mails = bool(env["LOCAL_OUTBOX"])
        self._preparation = Preparation(settings.database_url, parts.ROOT)
        self._prepare = parts.prepare_part(env)
        web_ports = {f"web{n}": free_port() for n in range(1, settings.nodes + 1)}
        self._web = [parts.web_part(name, port, env) for name, port in web_ports.items()]
        self._workers = [parts.worker_part(f"worker{n}", free_port(), env) for n in range(1, settings.workers + 1)]
        self._nginx = parts.nginx_part(settings, web_ports)
        names = [part.name for part in (self._nginx, *self._web, *self._workers)]
        self._console = Console([*names, "redis", self._prepare.name])
        self._supervisor = Supervisor(self._console, self._write_file)
        self._file = ClusterFile(settings.run_dir)

    def run(self) -> None:
        """Start everything, keep it alive until a signal asks for the end, stop everything.

        Raises PartFailed when the start fails; nothing is left running then.
        """
        with self._supervisor:
            try:
                self._start()
                self._announce()
                self._supervisor.supervise()
            except StopAsked:
                self._console.say("stopping before the start was complete")
            finally:
                self._stop()

    def _start(self) -> None:
        """In the order of readiness: each part finds what it needs in its place."""
        supervisor = self._supervisor
        if self._redis:
            supervisor.start(self._redis)
            supervisor.wait_ready([self._redis], START_TIMEOUT_S)
        if not self._preparation.is_done():
            supervisor.start(self._prepare)
            supervisor.wait_done(self._prepare.name, START_TIMEOUT_S)
            self._preparation.remember()
        for part in (*self._web, *self._workers):
            supervisor.start(part)
        supervisor.wait_ready(self._web, START_TIMEOUT_S)
        supervisor.start(self._nginx)
        supervisor.wait_ready([self._nginx], START_TIMEOUT_S)

    def _announce(self) -> None:
        self._write_file()
        self._console.say(f"Saldo Vivo is at {self._settings.url}")
        self._console.say(f"demo login: {DEMO_LOGIN}")
        if self._shows_mails:
            self._console.say(f"mails are shown at {self._settings.url}/correio")
        self._console.say("Ctrl-C stops everything")

    def _stop(self) -> None:
        """From the outside inwards: whoever goes is no longer needed by anybody who stays."""
        self._console.say("stopping")
        self._supervisor.stop([self._nginx.name], STOP_TIMEOUT_S)
        self._supervisor.stop([part.name for part in (self._prepare, *self._web, *self._workers)], STOP_TIMEOUT_S)
        if self._redis:
            self._supervisor.stop([self._redis.name], STOP_TIMEOUT_S)
        self._file.remove()
        self._console.say("stopped")

    def _write_file(self) -> None:
        self._file.write(
            url=self._settings.url,
            database_url=self._settings.database_url,
            redis_url=self._redis_url,
            processes=[ProcessEntry(name, pid, port) for name, (pid, port) in self._supervisor.processes().items()],
        )
