"""What the database lets web nodes and workers do, table by table. Roles of MariaDB, where the operator has made them
(deploy/database/users.sql); elsewhere everybody is the owner."""

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from app import sql_errors

NODES, WORKERS = "saldo_vivo_nodes", "saldo_vivo_workers"
NOTHING: tuple[str, ...] = ()
READ = ("SELECT",)
ADD = (*READ, "INSERT")
CHANGE = (*ADD, "UPDATE")
DROP = (*ADD, "DELETE")
ALL = (*CHANGE, "DELETE")

# Of each table, what web nodes may do, and what workers and the command line may do.
MAY: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # The books. They are only ever added to.
    "operations": (ADD, ADD),
    "entries": (ADD, ADD),
    "statement_lines": (ADD, ADD),
    "people_entries": (ADD, ADD),
    "receipts": (ADD, READ),
    "accounts": (CHANGE, CHANGE),
    "day_totals": (CHANGE, CHANGE),
    "payees": (CHANGE, CHANGE),
    "idempotency_keys": (CHANGE, ALL),
    # Who did what.
    "audit": (NOTHING, ADD),
    "audit_head": (NOTHING, (*READ, "UPDATE")),
    "audit_pending": (("INSERT",), DROP),
    # People.
    # The command line ends sessions, and changes nothing else of a user.
    "users": (CHANGE, (*READ, "UPDATE (`token_generation`)")),
    # Whoever takes a web node over becomes none by it.
    "administrators": (READ, DROP),
    "broadcasts": (ADD, ALL),
    "revocations": (ADD, DROP),
    "sessions": (ALL, DROP),
    "password_recoveries": (ALL, ALL),
    "second_factors": (ALL, READ),
    "recovery_codes": (DROP, READ),
    "passkeys": (ALL, READ),
    "used_challenges": (ADD, DROP),
    "mails": (("INSERT",), ALL),
    "push_subscriptions": (ALL, (*READ, "UPDATE", "DELETE")),
    "preferences": (CHANGE, READ),
    "contacts": (CHANGE, (*READ, "UPDATE")),
    "contact_emails": (ALL, (*READ, "UPDATE", "DELETE")),
    "presence_choices": (CHANGE, READ),
    "last_seen": (CHANGE, READ),
    "chat_messages": (CHANGE, CHANGE),
    "chat_sides": (CHANGE, CHANGE),
    "chat_reports": (ADD, READ),
    # Events.
    "user_streams": (CHANGE, CHANGE),
    "stream_events": (ADD, DROP),
    "stream_epoch": (READ, CHANGE),
    "stream_trims": (READ, CHANGE),
    "outbox": (DROP, DROP),
    "read_cursors": (CHANGE, READ),
    # What is done later.
    "schedules": (CHANGE, CHANGE),
    "schedule_runs": (READ, ADD),
    "jobs": (NOTHING, CHANGE),
    "alembic_version": (READ, READ),
}
# There is no such role; or who migrates may give nothing away, since nobody made the users of users.sql.
_NO_ROLES = (1133, 1410, 1959, 1142, 1044)


def give(connection: Connection) -> bool:
    """Let the roles do what MAY says; whether they are there. Takes nothing away, since nodes are at work."""
    if connection.dialect.name == "sqlite":
        return False
    there = set(inspect(connection).get_table_names())
    try:
        for table in MAY.keys() & there:
            for role, verbs in zip((NODES, WORKERS), MAY[table], strict=True):
                if verbs:
                    connection.execute(text(f"GRANT {', '.join(verbs)} ON `{table}` TO {role}"))
    except DBAPIError as error:
        if sql_errors.number(error) not in _NO_ROLES:
            raise
        return False
    return True
