"""The program of two releases in one folder, one after the other, as on a machine where a new one is put in place."""

import io
import subprocess
import tarfile
from pathlib import Path

from tests.support.cluster import ROOT


class Release:
    """The folder `root` with the files of the revision `old`, until `replace` puts those of this checkout there.

    The browser's vendored files are this checkout's from the beginning: they are no part of a revision.
    """

    def __init__(self, root: Path, old: str) -> None:
        self.root = root
        archive = subprocess.run(["git", "archive", old], cwd=ROOT, check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(root, filter="data")
        vendor = root / "app/web/static/vendor"
        vendor.symlink_to(ROOT / "app/web/static/vendor")

    @property
    def env(self) -> dict[str, str]:
        """With which Python finds this folder's package instead of the installed one."""
        return {"PYTHONPATH": f"{self.root}:{self.root / 'cluster'}"}

    def replace(self) -> None:
        """Put the files of this checkout, as they are now, over the old ones."""
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
        for name in listed.decode().split("\0"):
            source = ROOT / name
            if name and source.is_file():
                target = self.root / name
                target.parent.mkdir(parents=True, exist_ok=True)
                # A file of its own, in one step: a process may be reading the old one.
                fresh = target.with_name(f".{target.name}.new")
                fresh.write_bytes(source.read_bytes())
                fresh.chmod(source.stat().st_mode)
                fresh.replace(target)
