"""Durable events to sockets: in order, each once, to nobody else."""

from flask_socketio_cluster.delivery.confirmations import Confirmations
from flask_socketio_cluster.delivery.delivery import Delivery, user_room
from flask_socketio_cluster.delivery.identity import Ended, Identity
from flask_socketio_cluster.delivery.messages import Messages, Place, Said
from flask_socketio_cluster.delivery.relaying import StreamPublisher

__all__ = [
    "Confirmations",
    "Delivery",
    "Ended",
    "Identity",
    "Messages",
    "Place",
    "Said",
    "StreamPublisher",
    "user_room",
]
