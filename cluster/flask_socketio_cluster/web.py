"""What a web node is made of, in one import."""

from flask_socketio_cluster.bus import RoutedRedisManager
from flask_socketio_cluster.delivery import Delivery
from flask_socketio_cluster.node.balance import Balance
from flask_socketio_cluster.node.node import Node
from flask_socketio_cluster.node.report import Report
from flask_socketio_cluster.transport import Transport

__all__ = ["Balance", "Delivery", "Node", "Report", "RoutedRedisManager", "Transport"]
