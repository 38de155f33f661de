"""cluster.json: what runs where, for people, tests and tools."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "cluster.json"


@dataclass(frozen=True)
class ProcessEntry:
    name: str
    pid: int
    port: int | None


class ClusterFile:
    """The file in a run folder: there while the cluster runs, and never half written."""

    def __init__(self, run_dir: Path) -> None:
        self._path = run_dir / NAME

    def exists(self) -> bool:
        return self._path.exists()

    def write(self, *, url: str, database_url: str, redis_url: str, processes: list[ProcessEntry]) -> None:
        content = {
            "url": url,
            "database_url": database_url,
            "redis_url": redis_url,
            "processes": [asdict(process) for process in processes],
        }
        fresh = self._path.with_suffix(".new")
        # For the owner's eyes: the addresses may hold passwords.
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(content, file, indent=2)
        os.replace(fresh, self._path)

    def redis_url(self) -> str | None:
        """The Redis of the cluster that runs now, if one does."""
        try:
            return str(json.loads(self._path.read_text())["redis_url"])
        except FileNotFoundError:
            return None

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)
