"""What a backup holds, and what a bad one leaves untouched."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.db import Database
from tests.integration.conftest import migrated
from tests.integration.customers import new_customer, rows
from tests.support.backup import run_backup
from tests.support.ports import LOOPBACK
from tests.support.servers import DatabaseServer, mariadb_server

Backup = Callable[..., tuple[int, str]]


@pytest.fixture
def backup(own_database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Backup:
    """The command, on this database, as its operator."""
    url = own_database.url
    own_database.dispose()  # a database that somebody uses is not restored
    if not own_database.is_sqlite:
        server: DatabaseServer = request.getfixturevalue("mariadb")
        url = url.replace(f"//{server.USER}:", f"//{server.OPERATOR}:")
    return lambda *arguments: run_backup(*arguments, url=url, run_dir=tmp_path / "run")


def names(db: Database) -> list[str]:
    """And let go of the database again."""
    found = [str(name) for (name,) in rows(db, "SELECT name FROM users ORDER BY id")]
    db.dispose()
    return found


def test_what_was_saved_comes_back_and_nothing_else(own_database: Database, backup: Backup, tmp_path: Path) -> None:
    saved = new_customer(own_database)
    kept = names(own_database)
    assert backup("save", tmp_path / "file")[0] == 0
    new_customer(own_database)
    assert len(names(own_database)) == 2

    status, said = backup("restore", tmp_path / "file")

    assert status == 0, said
    assert names(own_database) == kept
    assert "epoca: " in said
    assert rows(own_database, "SELECT COUNT(*) FROM accounts WHERE user_id = :id", id=saved.id) == [(1,)]
    own_database.dispose()


def test_a_backup_that_was_cut_short_changes_nothing(own_database: Database, backup: Backup, tmp_path: Path) -> None:
    new_customer(own_database)
    kept = names(own_database)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert backup("save", whole)[0] == 0
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    status, _ = backup("restore", cut)

    assert status == 1
    assert names(own_database) == kept


def test_a_file_that_is_there_is_not_written_over(backup: Backup, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("of yesterday")

    assert backup("save", file)[0] == 1
    assert file.read_text() == "of yesterday"


def test_a_backup_by_the_program_s_own_user_works_but_knows_no_place_in_the_binary_log(
    mariadb: DatabaseServer, tmp_path: Path
) -> None:
    db = migrated(mariadb.create_database("saved_by_the_program"))
    new_customer(db)
    kept = names(db)

    assert run_backup("save", tmp_path / "file", url=db.url, run_dir=tmp_path)[0] == 0
    status, said = run_backup("restore", tmp_path / "file", url=db.url, run_dir=tmp_path)
    assert (status, "PROCESS" in said) == (1, True), "it would not see who else is connected"
    status, said = run_backup(
        "restore",
        tmp_path / "file",
        f"--binlog={mariadb.binlogs()[0]}",
        "--until=2026-01-01T00:00:00",
        url=db.url,
        run_dir=tmp_path,
    )

    assert status == 1
    assert "does not say where the binary log stood" in said
    assert names(db) == kept


def test_of_several_servers_the_one_that_takes_writes_is_saved(mariadb: DatabaseServer, tmp_path: Path) -> None:
    behind = migrated(mariadb.create_database("of_several"))
    behind.dispose()
    with mariadb_server(password=mariadb.password) as primary:
        db = migrated(primary.create_database("of_several"))
        new_customer(db)
        kept = names(db)
        operator_url = db.url.replace(f"//{primary.USER}:", f"//{primary.OPERATOR}:")
        several = db.url.replace(f":{primary.port}/", f":{mariadb.port},{LOOPBACK}:{primary.port}/")
        with mariadb.setting("read_only", 1):
            assert run_backup("save", tmp_path / "file", url=several, run_dir=tmp_path)[0] == 0

        new_customer(db)
        db.dispose()
        assert run_backup("restore", tmp_path / "file", url=operator_url, run_dir=tmp_path)[0] == 0
        assert names(db) == kept
