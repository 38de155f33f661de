"""How nodes hear of each other: a client manager with a Redis channel for each room."""

from flask_socketio_cluster.bus.manager import Listener, RoutedRedisManager
from flask_socketio_cluster.bus.numbered import Numbered
from flask_socketio_cluster.bus.publisher import Publisher
from flask_socketio_cluster.bus.waker import Waker, listener, wake_once

__all__ = ["Listener", "Numbered", "Publisher", "RoutedRedisManager", "Waker", "listener", "wake_once"]
