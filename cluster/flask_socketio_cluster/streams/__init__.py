"""Durable events in the database: append, read, outbox, relay."""

from flask_socketio_cluster.streams.database import Database, EngineDatabase
from flask_socketio_cluster.streams.database_clock import DatabaseClock, told_at_connect
from flask_socketio_cluster.streams.emitter import DurableEmitter
from flask_socketio_cluster.streams.relay import Relay
from flask_socketio_cluster.streams.stream import Append, Head, Key, State, Stored, Streams
from flask_socketio_cluster.streams.tables import Tables, define_tables
from flask_socketio_cluster.streams.trimming import Trimmed
from flask_socketio_cluster.streams.watch import OutboxWatch

__all__ = [
    "Append",
    "Database",
    "DatabaseClock",
    "DurableEmitter",
    "EngineDatabase",
    "Head",
    "Key",
    "OutboxWatch",
    "Relay",
    "State",
    "Stored",
    "Streams",
    "Tables",
    "Trimmed",
    "define_tables",
    "told_at_connect",
]
