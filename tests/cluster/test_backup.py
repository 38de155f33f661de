"""Backup and restore as an operator does them, and what clients of before see after."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.backup import run_backup
from tests.support.cluster import Cluster, running_cluster
from tests.support.people import PASSWORD, Person, eventually
from tests.support.servers import DatabaseServer, mariadb_server


@dataclass(frozen=True)
class Bank:
    """A cluster of one node, on a database of its own."""

    cluster: Cluster
    server: DatabaseServer

    def backup(self, *arguments: object) -> tuple[int, str]:
        """Exit status, and what was said, of the operator's command."""
        return run_backup(*arguments, url=self.server.operator_url, run_dir=self.cluster.run_dir)


@pytest.fixture(scope="module")
def bank() -> Iterator[Bank]:
    with mariadb_server() as server, running_cluster(database_url=server.url, nodes=1) as cluster:
        yield Bank(cluster, server)


def next_second() -> datetime:
    """Wait for it. The binary log knows whole seconds."""
    this = datetime.now(UTC).replace(microsecond=0)
    eventually(lambda: datetime.now(UTC).replace(microsecond=0) > this, "the next second")
    return datetime.now(UTC).replace(microsecond=0)


def test_the_bank_comes_back_as_it_was_at_a_moment_and_clients_of_before_start_afresh(
    bank: Bank, tmp_path: Path
) -> None:
    alice, file = Person(bank.cluster.url, "Alice Souza"), tmp_path / "backup"
    assert alice.deposit("10.00").status_code == 201
    assert bank.backup("save", file)[0] == 0  # while the bank works
    assert alice.deposit("5.00").status_code == 201
    until = next_second()
    next_second()
    assert alice.deposit("3.00").status_code == 201
    with alice.listening() as feed:
        before = feed.wait_for("autenticado").payload
    assert before["seq"] == 3

    bank.cluster.stop()
    logs = [f"--binlog={log}" for log in bank.server.binlogs()]
    status, said = bank.backup("restore", file, *logs, "--until", f"{until:%Y-%m-%dT%H:%M:%S}")
    assert status == 0, said
    bank.cluster.start()

    # What was ended since the backup would be open again, so every session is ended.
    assert alice.get("/perfil").status_code == 401
    alice.token = alice.post("/login", {"email": alice.email, "senha": PASSWORD}, token=None).json()["token"]
    assert alice.balance() == 15.0
    with alice.listening(ask={"ultimo_seq": before["seq"], "epoca": before["epoca"]}) as feed:
        after = feed.wait_for("autenticado").payload
        assert (after["seq"], after["recuperado"]) == (3, False)  # the login was told, too
        assert after["epoca"] > before["epoca"]
        assert alice.deposit("1.00").status_code == 201
        feed.wait_for_seq(4)
    assert alice.balance() == 16.0


def test_nothing_is_restored_under_a_bank_that_works(bank: Bank, tmp_path: Path) -> None:
    alice = Person(bank.cluster.url, "Alice Souza")
    assert bank.backup("save", tmp_path / "backup")[0] == 0
    assert alice.deposit("7.00").status_code == 201

    in_its_folder = bank.backup("restore", tmp_path / "backup")
    from_elsewhere = run_backup(
        "restore", tmp_path / "backup", url=bank.server.operator_url, run_dir=tmp_path / "another"
    )

    assert (in_its_folder[0], from_elsewhere[0]) == (1, 1)
    assert "in use" in in_its_folder[1]
    assert "stop nodes and workers" in from_elsewhere[1]
    assert alice.balance() == 7.0
