"""The gunicorn worker of a web node: the gevent-websocket one, which also knows when to come and how to leave.

Stock, gunicorn listens before the program is loaded, so that nginx sends clients to a node that cannot answer yet.
Here the node refuses them, and nginx takes another, until it can.

Stock, a SIGTERM drops WebSockets without a word and then waits for connections that are only kept alive. This
worker stops accepting, lets the application tell its sockets to go elsewhere, and closes idle connections.

This module is imported before gevent patches the standard library, so it imports nothing that the application uses.
"""

import gc
import signal
import socket
import sys
from contextlib import suppress
from types import FrameType
from typing import Any

import gevent
from geventwebsocket.gunicorn.workers import GeventWebSocketWorker
from geventwebsocket.handler import WebSocketHandler
from gunicorn.arbiter import Arbiter
from gunicorn.sock import TCPSocket

from flask_socketio_cluster import metrics
from flask_socketio_cluster.environ import CONNECTION, UPGRADE
from flask_socketio_cluster.node import EXTENSION
from flask_socketio_cluster.node.listening import NodeServer

# Longer than the node means to take for its drain, for clients that do not listen any more.
DRAIN_PATIENCE_S = 3.0

_BAD_REQUEST = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\n"
    b"X-Content-Type-Options: nosniff\r\nContent-Length: %d\r\n\r\n%s"
)


class QuietSocket(TCPSocket):
    """Holds its address, and refuses every connection until `listen` is called."""

    def set_options(self, sock: socket.socket, bound: bool = False) -> socket.socket:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.bind(sock)
        sock.setblocking(False)
        sock.set_inheritable(True)
        return sock


class NodeHandler(WebSocketHandler):
    """One client connection; knows when it is idle, that is, between two requests. The application decides whether it
    becomes a WebSocket; stock, every handshake is answered before the application is asked."""

    def _connection_upgrade_requested(self) -> bool:
        """Never: else gevent gives the application the connection itself as its input, and then reads the body of a
        POST that says `Upgrade` a second time, from the next request of the same connection."""
        return False

    def _handle_client_error(self, _error: Exception) -> tuple[str, bytes]:
        """What is no HTTP. Counted and answered, not logged: the line would hold what the client sent."""
        metrics.HTTP_MALFORMED.inc()
        body = self.server.application.extensions[EXTENSION].bad_request
        return "400", _BAD_REQUEST % (len(body), body)

    def handle(self) -> None:
        with suppress(ConnectionError):  # the client went while it was being refused
            super().handle()

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        environ[CONNECTION] = self.socket
        if "HTTP_UPGRADE" in environ:
            environ[UPGRADE] = self._give_connection
        return environ

    def upgrade_websocket(self) -> None:
        """Called by gevent-websocket for every request."""

    def _give_connection(self) -> "NodeHandler":
        """Its connection becomes a WebSocket; nothing more is read from it or written to it here."""
        self.close_connection = True
        return self

    def finalize_headers(self) -> None:
        """Stock, a client that asked for the end of the connection is not told that it comes, and keeps it for the next
        request; so does a proxy while the node leaves."""
        super().finalize_headers()
        ends = self.close_connection or self.server.closed
        if ends and not any(name.lower() == b"connection" for name, _ in self.response_headers):
            self.response_headers.append((b"Connection", b"close"))

    def read_requestline(self) -> Any:
        self.server.idle_connections.add(self.socket)
        try:
            return super().read_requestline()
        finally:
            self.server.idle_connections.discard(self.socket)

    def handle_one_request(self) -> Any:
        result = super().handle_one_request()
        # None ends the connection. A tuple is an error that is still to be sent, and ends it too.
        return None if result is True and self.server.closed else result


class NodeWorker(GeventWebSocketWorker):
    wsgi_handler = NodeHandler

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._servers: list[Any] = []
        self._leaving = False

    def server_class(self, *args: Any, **kwargs: Any) -> Any:
        """The server of one listening socket, as gunicorn's `run` makes it."""
        server = NodeServer(*args, backlog=self.cfg.backlog, **kwargs)
        self._servers.append(server)
        return server

    def load_wsgi(self) -> None:
        # What loading makes stays. To look through it for garbage takes a fifth of the time of a start, and would
        # take its share of every collection after.
        gc.disable()
        try:
            super().load_wsgi()
            gc.freeze()
        except SystemExit as refusal:
            # A bad setting, which the text names. With this status gunicorn gives up instead of trying again.
            sys.stderr.write(f"{refusal}\n")
            sys.exit(Arbiter.APP_LOAD_ERROR)
        finally:
            gc.enable()

    def run(self) -> None:
        for listener in self.sockets:
            listener.listen(self.cfg.backlog)
        super().run()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self._servers or self._leaving:
            super().handle_exit(sig, frame)  # there are no sockets yet; or somebody asks for the second time
        else:
            self._leaving = True
            # A signal handler runs inside gevent's hub, where nothing may wait.
            gevent.spawn(self._leave)

    def _leave(self) -> None:
        try:
            for server in self._servers:
                # From here on nginx is refused at once and takes another node.
                server.stop_accepting()
                refuse(server.socket)
                server.close()
            # Clients that do not listen any more must not hold it up. One that is between two polls is told over the
            # connection that it has.
            node = self.wsgi.extensions[EXTENSION]
            with gevent.Timeout(node.drain_s + DRAIN_PATIENCE_S, False):
                node.drain()
            node.stop()
            for server in self._servers:
                for connection in list(server.idle_connections):
                    _read_no_more(connection)
        except Exception:
            self.log.exception("the sockets were not told that this node is leaving")
        finally:
            super().handle_exit(signal.SIGTERM, None)


def refuse(listener: Any) -> None:
    """Listen no more, on an address that the master keeps for the next worker: closed here alone, clients would wait on
    it. Once only: what is shut down when it does not listen stays so, for whoever listens on it next."""
    with suppress(OSError):
        if listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            listener.shutdown(socket.SHUT_RDWR)


def _read_no_more(connection: socket.socket) -> None:
    """Make the pending read see the end. A request that is already in the buffer is still answered."""
    try:
        connection.shutdown(socket.SHUT_RD)
    except OSError:
        return  # the other side was faster
