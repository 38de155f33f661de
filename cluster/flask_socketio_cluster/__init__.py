"""Several Flask-SocketIO nodes behind a Redis message queue. See README.md for where to begin."""

__version__ = "0.1.0"
