"""Unread notices are found by their number, whatever lies between them."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEX = "ix_stream_events_user_id_notices_seq"


def upgrade() -> None:
    op.create_index(INDEX, "stream_events", ["user_id", "notices", "seq"], if_not_exists=True)


def downgrade() -> None:
    op.drop_index(INDEX, "stream_events", if_exists=True)
