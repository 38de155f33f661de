"""Alembic's entry: the migrations run on the connection that `app.migrations.runner` opened."""

from alembic import context

from app.db import Base

# The models' metadata names the constraints here too, so that later migrations know what they are called.
context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
