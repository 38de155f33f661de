"""A script that emits into a room of the chat, from any machine that reaches Redis:

REDIS_URL=redis://127.0.0.1:6379/0 python announce.py kitchen "The cake is ready"
"""

import os
import sys

from flask_socketio_cluster.bus import RoutedRedisManager
from flask_socketio_cluster.errors import BusUnavailable

room, text = sys.argv[1:]
bus = RoutedRedisManager(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"), write_only=True)
try:
    bus.emit("said", {"room": room, "text": text}, room=room)
except BusUnavailable as error:
    sys.exit(f"Redis did not take it: {error.__cause__}")
