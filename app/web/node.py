"""One running web node, as health checks and the server's signal handler see it."""

from app.db import Database
from app.realtime.server import Realtime
from app.settings import Settings


class Node:
    def __init__(self, settings: Settings, db: Database, realtime: Realtime) -> None:
        self.settings = settings
        self.db = db
        self.realtime = realtime
        self.draining = False

    def start(self) -> None:
        """Begin to look after sockets; requests are answered without it."""
        self.realtime.start()

    def stop(self) -> None:
        """End what `start` started."""
        self.realtime.stop()

    def drain(self) -> None:
        """Take no new work (`/readyz` says 503), send the sockets elsewhere. Blocks for at most a few seconds."""
        self.draining = True
        self.realtime.drain()
