"""How the database is set, as far as its user may ask, and whether its schema is the newest."""

from collections.abc import Iterator

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_socketio_cluster import clock
from flask_socketio_cluster.doctor.findings import Finding, fault, ok, unknown, warning
from flask_socketio_cluster.streams import database_clock
from sqlalchemy import Connection, text

from app import sql_engines
from app.db import Database
from app.errors import AppError
from app.migrations import runner, seal

VERSION_MIN = (10, 6)
# What an operator, a backup and replicas take besides.
CONNECTIONS_KEPT = 20

# Variable, good values, what it means otherwise, what to do. A fault breaks a promise; a warning weakens one.
_FAULTS = (
    ("innodb_flush_log_at_trx_commit", ("1",), "the last second of commits is lost when the machine loses its power"),
    ("binlog_format", ("ROW",), "a replica or a restore may come to other balances"),
)
_WARNINGS = (
    ("log_bin", ("ON", "1"), "no restore to a moment, and no replica"),
    ("sync_binlog", ("1",), "what was committed last may be missing in the binary log after a loss of power"),
    ("innodb_doublewrite", ("ON", "1"), "a page that was half written is not repaired"),
)
_VARIABLES = (
    *(name for name, *_ in (*_FAULTS, *_WARNINGS)),
    "version",
    "max_connections",
    "max_user_connections",
    "wait_timeout",
    "read_only",
    "log_bin_trust_function_creators",
    "character_set_database",
    "sql_mode",
)


def check(db: Database, *, nodes: int, workers: int) -> Iterator[Finding]:
    """`nodes` and `workers`: as many as the connections must suffice for."""
    try:
        variables = {} if db.is_sqlite else db.read(_variables)
        db.read(database_clock.ask)
    except AppError as error:
        yield fault("database", f"it does not answer: {error.text}", "see that it runs, and DATABASE_URL")
        return
    yield from db.read(_schema)
    if db.is_sqlite:
        yield unknown("database", "SQLite, for one machine", "DATABASE_URL names a MariaDB in production")
        return
    yield ok("database", "it answers")
    yield from _version(variables["version"])
    yield from _settings(variables)
    yield _isolation(db.transact(_isolation_of))
    yield from _connections(db, variables, nodes=nodes, workers=workers)
    yield from db.read(_seals, log_bin_trusts=variables["log_bin_trust_function_creators"] in ("ON", "1"))
    offset_s = clock.machine_offset_s()
    if database_clock.is_off():
        yield warning("clock", f"this machine's is {offset_s:+.0f} s off the database's", "keep both by NTP (chrony)")
    else:
        yield ok("clock", f"{offset_s:+.1f} s off the database's")


def _variables(connection: Connection) -> dict[str, str]:
    return {name: str(connection.execute(text(f"SELECT @@GLOBAL.{name}")).scalar()) for name in _VARIABLES}


def _isolation_of(connection: Connection) -> str:
    return str(connection.execute(text("SELECT @@session.tx_isolation")).scalar_one())


def _isolation(found: str) -> Finding:
    """Of our own transactions, which ask for it themselves; something between us and the server may not let them."""
    if found == "READ-COMMITTED":
        return ok("database isolation", found)
    return fault("database isolation", f"{found}: transactions wait for each other and fail", "what changes it?")


def _schema(connection: Connection) -> list[Finding]:
    found = MigrationContext.configure(connection).get_current_revision()
    newest = ScriptDirectory.from_config(runner.config(connection)).get_current_head()
    if found == newest:
        return [ok("migrations", f"the schema is the newest ({newest})")]
    return [fault("migrations", f"the schema is {found or 'empty'}, the newest {newest}", "python -m worker migrate")]


def _version(version: str) -> Iterator[Finding]:
    if "MariaDB" not in version:
        yield fault("database version", f"{version} is not MariaDB", "install MariaDB 10.6 or newer")
    elif tuple(int(part) for part in version.split("-")[0].split(".")[:2]) < VERSION_MIN:
        yield fault("database version", f"{version} is too old", "install MariaDB 10.6 or newer")
    else:
        yield ok("database version", version)


def _settings(variables: dict[str, str]) -> Iterator[Finding]:
    subject, found = "database settings", []
    for kind, rules in ((fault, _FAULTS), (warning, _WARNINGS)):
        for name, good, otherwise in rules:
            if variables[name] not in good:
                found.append(kind(subject, f"{name} is {variables[name]}: {otherwise}", f"set {name} to {good[0]}"))
    if variables["read_only"] not in ("OFF", "0"):
        found.append(fault(subject, "read_only is on: nothing can be written", "is this the primary? SET GLOBAL"))
    if "STRICT_TRANS_TABLES" not in variables["sql_mode"]:
        found.append(fault(subject, "sql_mode is not strict: what does not fit is cut off", "add STRICT_TRANS_TABLES"))
    if variables["character_set_database"] != "utf8mb4":
        found.append(
            fault(subject, "the database's character set is not utf8mb4", "ALTER DATABASE … CHARACTER SET utf8mb4")
        )
    if int(variables["wait_timeout"]) <= sql_engines.POOL_RECYCLE_S:
        found.append(
            warning(
                subject,
                f"wait_timeout is {variables['wait_timeout']} s: connections that rest are cut before we renew them",
                f"set it above {sql_engines.POOL_RECYCLE_S}",
            )
        )
    yield from found or [ok(subject, "commits are flushed, logged by row, and strict")]


def _connections(db: Database, variables: dict[str, str], *, nodes: int, workers: int) -> Iterator[Finding]:
    subject, needed = "database connections", (nodes + workers) * db.connections + CONNECTIONS_KEPT
    most = int(variables["max_connections"])
    of_user = int(variables["max_user_connections"])
    allowed = min(most, of_user) if of_user else most
    told = f"{nodes} nodes and {workers} workers may need {needed}, {allowed} are allowed"
    if needed > allowed:
        yield fault(subject, told, f"set max_connections to {needed} or more")
    else:
        yield ok(subject, told)


def _seals(connection: Connection, *, log_bin_trusts: bool) -> list[Finding]:
    """The triggers that keep the books (docs/adr/0009)."""
    query = text("SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()")
    missing = seal.names() - set(connection.execute(query).scalars())
    if not missing:
        return [ok("ledger", "its triggers refuse every change of what was written")]
    if not log_bin_trusts:
        advice = "SET GLOBAL log_bin_trust_function_creators=ON, then python -m worker migrate"
    else:
        advice = "python -m worker migrate; a user without the TRIGGER right does not see them: ask as the owner"
    return [warning("ledger", f"triggers are missing, or cannot be seen: {', '.join(sorted(missing))}", advice)]
