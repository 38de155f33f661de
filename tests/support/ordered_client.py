"""A Socket.IO client that hands events on in the order in which they arrived."""

import threading
from typing import Any

import engineio
import socketio


class _OrderedEngine(engineio.Client):  # type: ignore[misc]
    """The library starts a thread for each message, and threads overtake each other."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ended = threading.Event()

    def disconnect(self, abort: bool = False, reason: Any = None) -> None:
        """The server's goodbye is handled on the reading thread, which cannot wait for its own end."""
        reading = threading.current_thread() is self.read_loop_task
        super().disconnect(abort=abort or reading, reason=reason)

    def _trigger_event(self, event: str, *args: Any, **_: Any) -> Any:
        try:
            return super()._trigger_event(event, *args, run_async=False)
        finally:
            if event == "disconnect":
                self.ended.set()


class OrderedClient(socketio.Client):  # type: ignore[misc]
    """For one connection. Handlers run on the thread that reads, so they must not wait for this client."""

    def __init__(self) -> None:
        super().__init__(reconnection=False, handle_sigint=False)

    def _engineio_client_class(self) -> type[_OrderedEngine]:
        return _OrderedEngine

    @property
    def ended(self) -> threading.Event:
        """Set when the transport is gone, also while `connect` still waits, which the library may not notice."""
        ended: threading.Event = self.eio.ended
        return ended
