"""Durable events in the database: append, read, outbox, relay."""
