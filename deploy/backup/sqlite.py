"""SQLite, whose own backup reads one moment while others write."""

import sqlite3
from contextlib import closing
from pathlib import Path

from deploy.backup.failure import BackupFailed

_PREFIX = "sqlite:///"


def save(url: str, file: Path) -> None:
    """Raises BackupFailed."""
    source = Path(url.removeprefix(_PREFIX))
    if not source.exists():
        raise BackupFailed(f"there is no database at {source}")
    _copy(source, file)


def restore(url: str, file: Path) -> None:
    """Raises BackupFailed, and leaves the present database as it is, for a file that is no whole database."""
    target = Path(url.removeprefix(_PREFIX))
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as source:
            (found,) = source.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise BackupFailed(f"{file} is no database: {error}") from None
    if found != "ok":
        raise BackupFailed(f"{file} is damaged: {found}")
    _copy(file, target)


def _copy(source: Path, target: Path) -> None:
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
    except sqlite3.Error as error:
        raise BackupFailed(f"{source} could not be copied to {target}: {error}") from None
