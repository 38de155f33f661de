"""A node that may open no more files refuses at once, goes on with what it has, and comes back by itself."""

from pathlib import Path

import requests

from app.db import Database
from tests.integration.library import NOWHERE
from tests.support.lone_node import LoneNode, lone_node, wait_ready
from tests.support.open_files import no_more_files
from tests.support.people import HTTP_TIMEOUT_S, eventually


def test_a_node_that_may_open_no_more_files_refuses_at_once_and_comes_back(sqlite: Database, tmp_path: Path) -> None:
    env = {"DATABASE_URL": sqlite.url, "REDIS_URL": NOWHERE, "JWT_SECRET": "x" * 32}
    with lone_node("web1", tmp_path, env) as node, requests.Session() as known:
        wait_ready(node)
        assert known.get(f"{node.url}/healthz", timeout=HTTP_TIMEOUT_S).status_code == 200
        with no_more_files(node.pid):
            eventually(lambda: not _lets_in(node), "a node that refuses")
            assert known.get(f"{node.url}/healthz", timeout=HTTP_TIMEOUT_S).status_code == 200
        eventually(lambda: _lets_in(node), "a node that lets clients in again")

        assert node.log.count("no_files_left") == node.log.count("files_again") == 1
        assert "Traceback" not in node.log


def _lets_in(node: LoneNode) -> bool:
    try:
        return requests.get(f"{node.url}/healthz", timeout=HTTP_TIMEOUT_S).status_code == 200
    except requests.ConnectionError:
        return False
