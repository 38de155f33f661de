"""The durable event stream of each user: what the package does with the bank's tables."""

from flask_socketio_cluster.streams.stream import Streams
from flask_socketio_cluster.streams.tables import Tables

from app import db
from app.streams.models import OutboxRow, StreamEpoch, StreamEvent, StreamTrim, UserStream

streams = Streams(
    Tables(
        streams=db.table(UserStream),
        events=db.table(StreamEvent),
        outbox=db.table(OutboxRow),
        epoch=db.table(StreamEpoch),
        trims=db.table(StreamTrim),
    )
)
