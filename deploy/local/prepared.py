"""Whether the embedded database is as this program needs it, told without loading the program.

Loading it takes most of the time of a start. The mark is in the SQLite file itself, so that it goes where the data
goes.
"""

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

SQLITE_PREFIX = "sqlite:///"
# SQLite keeps the mark as a signed 32-bit number; a file of its own making has 0.
MARK_BITS = 0x7FFF_FFFF


class Preparation:
    """The state of one database, compared with the migrations and the demo data under `root`.

    Of databases other than SQLite nothing is known: they are always to be prepared.
    """

    def __init__(self, database_url: str, root: Path) -> None:
        path, has_options = database_url.removeprefix(SQLITE_PREFIX), "?" in database_url
        self._path = Path(path) if database_url.startswith(SQLITE_PREFIX) and not has_options else None
        makers = [
            *sorted((root / "app" / "migrations" / "versions").glob("*.py")),
            root / "worker" / "commands" / "demo.py",
        ]
        self._mark = zlib.crc32(b"".join(maker.read_bytes() for maker in makers)) & MARK_BITS or 1

    def is_done(self) -> bool:
        if self._path is None or not self._path.exists():
            return False
        try:
            with closing(sqlite3.connect(self._path, timeout=0)) as connection:
                found: tuple[int] = connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.Error:
            return False
        return found == (self._mark,)

    def remember(self) -> None:
        """Leave the mark. To be called after the preparation and before anybody else uses the database."""
        if self._path is not None:
            with closing(sqlite3.connect(self._path)) as connection:
                connection.execute(f"PRAGMA user_version = {self._mark}")
