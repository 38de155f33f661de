"""Steps of a migration that may be run again after a run that ended in the middle.

MariaDB commits every CREATE and ALTER at once and by itself: what a broken run leaves is any number of its steps.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations.ops import CreateTableOp
from sqlalchemy.dialects.mysql import DATETIME

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")
_TABLE: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci"}


def exact(length: int) -> sa.String:
    """Text that is compared byte by byte on both databases."""
    return sa.String(length).with_variant(sa.String(length, collation="utf8mb4_bin"), "mysql", "mariadb")


def create_table(name: str, *items: sa.schema.SchemaItem, **options: Any) -> sa.Table:
    """The table and each of its indexes, as far as they are not there."""
    table = CreateTableOp(name, items, **_TABLE, **options).to_table(op.get_context())
    table.create(op.get_bind(), checkfirst=True)
    for index in table.indexes:
        index.create(op.get_bind(), checkfirst=True)
    return table


def insert_missing(table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """The rows whose keys are not there."""
    statement = sa.insert(table).prefix_with("OR IGNORE", dialect="sqlite")
    op.get_bind().execute(
        statement.prefix_with("IGNORE", dialect="mysql").prefix_with("IGNORE", dialect="mariadb"), rows
    )


def drop_tables(*names: str) -> None:
    """Those that are there, in this order."""
    for name in names:
        op.drop_table(name, if_exists=True)
