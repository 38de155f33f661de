"""What has to be there before the first measurement: the load programs and Node's packages."""

import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE / "build"
SOURCES = HERE / "load"
NODE_PEER = HERE / "peers" / "node"
CFLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra")


class BuildFailed(Exception):
    """A tool is missing or refused; the text says which."""


def build() -> None:
    """Compile the load programs and install Node's locked packages, unless both are fresh. Raises BuildFailed."""
    BUILD.mkdir(exist_ok=True)
    newest = max(path.stat().st_mtime for path in SOURCES.glob("*.[ch]"))
    for source in SOURCES.glob("*.c"):
        program = BUILD / source.stem
        if not program.exists() or program.stat().st_mtime < newest:
            _run([_tool("cc"), *CFLAGS, "-o", str(program), str(source)], HERE)
    installed = NODE_PEER / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (NODE_PEER / "package-lock.json").stat().st_mtime:
        _run([_tool("npm"), "ci", "--no-audit", "--no-fund"], NODE_PEER)


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BuildFailed(f"{name} is not installed")
    return found


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise BuildFailed(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
