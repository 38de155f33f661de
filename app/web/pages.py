"""The web app's page and its files, at addresses that change with their content."""

import hashlib
from pathlib import Path
from typing import Any

from flask import Blueprint, render_template, send_from_directory

from app.errors import NotFound

STATIC = Path(__file__).parent / "static"
YEAR_S = 365 * 24 * 3600
VERSION_CHARS = 12
WORKER_URL = "/service-worker.js"


def blueprint() -> Blueprint:
    routes = Blueprint("paginas", __name__)
    version = static_version(STATIC)

    @routes.get("/")
    def pagina() -> Any:
        return render_template("index.html", static_url=f"/static/{version}", worker_url=WORKER_URL)

    @routes.get(WORKER_URL)
    def guardiao() -> Any:
        """The service worker: at the root, so that it may look after the whole site."""
        answer = send_from_directory(STATIC / "js", "service_worker.js", max_age=0)
        answer.cache_control.no_cache = True
        return answer

    @routes.get("/api/docs")
    def documentacao() -> Any:
        return render_template("docs.html", static_url=f"/static/{version}")

    @routes.get("/static/<asked>/<path:name>")
    def arquivo(asked: str, name: str) -> Any:
        """A page that is still open from before an update asks for old addresses; they are not kept for long."""
        if not _is_file(name):
            raise NotFound
        answer = send_from_directory(STATIC, name, max_age=YEAR_S if asked == version else 0)
        answer.cache_control.public = True
        if asked == version:
            answer.cache_control.immutable = True
        return answer

    return routes


def _is_file(name: str) -> bool:
    try:
        return (STATIC / name).is_file()
    except OSError:  # too long a name
        return False


def static_version(folder: Path) -> str:
    """A short hash of every file's name and content."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:VERSION_CHARS]
