"""A pytest plugin: python-socketio's own tests of a client manager, with this package's in place of theirs.

`pytest -p managers tests/common/test_pubsub_manager.py` in a checkout of miguelgrinberg/python-socketio; see `run.py`.
Flask-SocketIO's tests cannot be run in this way: their test client refuses every manager that has a message queue.
"""

from typing import Any

import pytest
import socketio.pubsub_manager
from flask_socketio_cluster.bus import RoutedRedisManager
from flask_socketio_cluster.bus.channels import STOCK_CHANNEL

NOWHERE = "redis://127.0.0.1:1/0"
DEFAULTS = (
    "asks for the channel 'socketio', which is Flask-SocketIO's here, and for an id of 32 characters without a name"
)
PACKET = "asks how an emit reaches the sessions: by Manager.emit there, as one ready packet for all of them here"
# What does not apply, and why.
LEFT_OUT = {
    "test_default_init": DEFAULTS,
    "test_custom_init": DEFAULTS,
    "test_write_only_init": DEFAULTS,
    "test_write_only_default_logger": DEFAULTS,
    "test_write_only_with_provided_logger": DEFAULTS,
    "test_handle_emit": PACKET,
    "test_handle_legacy_emit": PACKET,
    "test_handle_emit_list": PACKET,
    "test_handle_emit_no_arguments": PACKET,
    "test_handle_emit_multiple_arguments": PACKET,
    "test_handle_emit_with_namespace": PACKET,
    "test_handle_emit_with_room": PACKET,
    "test_handle_emit_with_skip_sid": PACKET,
}


class Manager(RoutedRedisManager):
    """Made with what the library's tests give to theirs, and without a Redis."""

    def __init__(
        self, channel: str = STOCK_CHANNEL, write_only: bool = False, logger: Any = None, json: Any = None
    ) -> None:
        super().__init__(NOWHERE, channel=channel, node_id="web1", write_only=write_only)
        self.logger = logger
        if json is not None:
            self.json = json

    def initialize(self) -> None:
        """Nothing to listen to."""

    def _publish(self, data: dict[str, Any]) -> None:
        """Nobody to tell; tests that ask put something else in its place."""


def pytest_configure(config: pytest.Config) -> None:
    socketio.pubsub_manager.PubSubManager = Manager


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if reason := LEFT_OUT.get(item.name):
            item.add_marker(pytest.mark.skip(reason=reason))
