"""One emit by this project's own libraries: what they publish is the wire format that the load emitter repeats.

routed.py live REDIS_PORT ROOM PAYLOAD     as a node emits; to everyone when ROOM is empty
routed.py durable REDIS_PORT SEQ PAYLOAD   as the worker relays an event of the marked user's stream
"""

import json
import sys

from flask_socketio_cluster.bus.manager import RoutedRedisManager
from flask_socketio_cluster.delivery.relaying import StreamPublisher
from flask_socketio_cluster.streams.stream import Stored

from app import wire
from app.streams.stream import streams
from bench.payload import EVENT, MARKED_USER

form, redis_port, target, payload = sys.argv[1:]
redis_url = f"redis://127.0.0.1:{redis_port}/0"
if form == "live":
    manager = RoutedRedisManager(redis_url, node_id="emitter")
    manager.emit(EVENT, json.loads(payload), room=target or None)
else:
    packet = wire.event_packet(EVENT, wire.dumps(json.loads(payload)))
    StreamPublisher(redis_url, streams).publish([Stored(MARKED_USER, int(target), packet, {})])
