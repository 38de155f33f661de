"""The server of a listening socket: while the process may open no more files it refuses, and nginx takes another node.

Stock, gevent logs each failure with its traceback, up to once a second for as long as it lasts, and leaves clients in
the socket's queue, where they wait for an answer until nginx gives up.

This module is imported before gevent patches the standard library, so it imports nothing that the application uses.
"""

import errno
import logging
import os
import socket
from typing import Any

import gevent
from geventwebsocket.gunicorn.workers import GeventWebSocketWorker

# Looks whether files can be opened again; and so many must be, or the first clients would use them all up.
LOOK_EVERY_S = 1.0
FREE_MIN = 16

_NO_FILES = (errno.EMFILE, errno.ENFILE)

_log = logging.getLogger(__name__)


class NodeServer(GeventWebSocketWorker.server_class):
    """`backlog`: of the socket, when it listens anew. `idle_connections`: those between two requests."""

    def __init__(self, *args: Any, backlog: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._backlog = backlog
        self._refusing = False
        self.idle_connections: set[socket.socket] = set()

    def do_read(self) -> Any:
        """Called in the event loop when somebody connects."""
        try:
            return super().do_read()
        except OSError as error:
            if error.errno not in _NO_FILES:
                raise
            self._refusing = True
            self.stop_accepting()
            gevent.spawn(self._refuse)
            return None

    def start_accepting(self) -> None:
        """gevent calls it too, when a connection ends; a socket that does not listen would count as broken."""
        if not self._refusing:
            super().start_accepting()

    def _refuse(self) -> None:
        _log.error("no_files_left")
        self.socket.shutdown(socket.SHUT_RDWR)
        while not self.closed and not _has_free(FREE_MIN, self.socket.fileno()):
            gevent.sleep(LOOK_EVERY_S)
        if not self.closed:
            self.socket.listen(self._backlog)
            self._refusing = False
            self.start_accepting()
            _log.warning("files_again")


def _has_free(count: int, existing: int) -> bool:
    """Whether so many files can be opened. `existing`: one that is."""
    opened: list[int] = []
    try:
        for _ in range(count):
            opened.append(os.dup(existing))
    except OSError:
        return False
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return True
