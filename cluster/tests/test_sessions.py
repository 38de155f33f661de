"""`session` in events is what Flask-SocketIO makes of it: its own copy for each socket, or Flask's."""

import sys
from pathlib import Path

import pytest
import requests
from installed import Program
from listener import WAIT_S, connected

from tests.support.servers import RedisServer


@pytest.mark.parametrize(
    ("manage_session", "remembered"),
    [("1", "what an event said"), ("0", "what the cookie says")],
    ids=["managed by Flask-SocketIO", "managed by Flask"],
)
def test_an_event_has_the_session_of_its_client(
    redis: RedisServer, tmp_path: Path, manage_session: str, remembered: str
) -> None:
    settings = {"REDIS_URL": redis.url, "MANAGE_SESSION": manage_session}
    program = Program(sys.executable, tmp_path, Path(__file__).parent, settings)
    with program.node("rooms:app", "web1") as url:
        answer = requests.post(f"{url}/remember/what the cookie says", timeout=WAIT_S)
        cookie = {"Cookie": f"session={answer.cookies['session']}"}
        with connected(url, headers=cookie) as ana, connected(url) as bia:
            assert (ana.call("recall", None), bia.call("recall", None)) == ("what the cookie says", None)

            ana.call("remember", "what an event said")

            # A cookie cannot be set from an event.
            assert (ana.call("recall", None), bia.call("recall", None)) == (remembered, None)
