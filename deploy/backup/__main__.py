"""Save and restore the database of DATABASE_URL; without one, that of the local cluster.

python -m deploy.backup save FILE
python -m deploy.backup restore FILE [--binlog FILE … --until MOMENT]
"""

import subprocess
import sys
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import click

from deploy.backup import mariadb, sqlite
from deploy.backup.failure import BackupFailed
from deploy.local import parts, settings
from deploy.local.run_dir import RunDirInUse, locked

# After the tables are back: the newest schema and the seals of the books, an epoch with which every client starts
# afresh, and whether the books add up.
AFTERWARDS = ("migrate", "restaurado", "conciliar")


@click.group()
def cli() -> None:
    """Save and restore the bank's database. Redis needs no backup: what it holds is made again."""


@cli.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def save(file: Path) -> None:
    """Write the whole database as it is at one moment to FILE. The bank goes on working."""
    if file.exists():
        raise click.ClickException(f"{file} is there already; nothing was done")
    url = settings.from_env().database_url
    partial = file.with_name(f"{file.name}.part")
    try:
        if url.startswith("sqlite"):
            sqlite.save(url, partial)
        else:
            mariadb.save(url, partial)
    except BackupFailed as failure:
        partial.unlink(missing_ok=True)
        raise click.ClickException(str(failure)) from None
    partial.rename(file)  # a file of this name is a whole one
    click.echo(f"{file}: {file.stat().st_size} bytes")


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--binlog",
    "binlogs",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Binary logs since the backup, in their order: what happened until --until is done again.",
)
@click.option("--until", type=click.DateTime(["%Y-%m-%dT%H:%M:%S"]), help="The last moment to restore, in UTC.")
def restore(file: Path, binlogs: tuple[Path, ...], until: datetime | None) -> None:
    """Put the database of FILE in the place of the present one. Nodes and workers must be stopped.

    Ends with a new epoch, with which every client starts afresh, and with a look whether the books add up: 1 if not.
    """
    if bool(binlogs) != (until is not None):
        raise click.UsageError("--binlog and --until go together")
    wanted = settings.from_env()
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(wanted.run_dir))
            if not wanted.database_url.startswith("sqlite"):
                mariadb.restore(wanted.database_url, file, mariadb.Later(binlogs, until) if until else None)
            elif until is None:
                sqlite.restore(wanted.database_url, file)
            else:
                raise BackupFailed("SQLite has no binary log: it comes back as it was saved")
        except (BackupFailed, RunDirInUse) as failure:
            raise click.ClickException(str(failure)) from None
    for command in AFTERWARDS:
        done = subprocess.run([sys.executable, "-m", "deploy.local", "worker", command], cwd=parts.ROOT, check=False)
        if done.returncode:
            raise click.ClickException(f"the database is back, but `python -m worker {command}` failed")


if __name__ == "__main__":
    cli(prog_name="python -m deploy.backup")
