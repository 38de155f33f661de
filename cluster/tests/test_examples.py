"""The examples run from the built wheel, in an environment that has nothing but what the package asks for."""

import difflib
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
from installed import CLUSTER, EXAMPLES, PYTHON, Program, build_wheel, install
from listener import Listener, connected

from tests.support.people import eventually
from tests.support.servers import RedisServer

LINES_MAX = 80
CHANGED_LINES_MAX = 5
FORGED = "WyJhbmEiLDk5OTk5OTk5OTld.x"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The wheel of the package as it is now."""
    install(build_wheel(tmp_path_factory.mktemp("wheel")))


@pytest.fixture
def example(installed: None, redis: RedisServer, tmp_path: Path) -> Program:
    return Program(
        str(PYTHON), tmp_path, EXAMPLES, {"REDIS_URL": redis.url, "DATABASE_URL": f"sqlite:///{tmp_path / 'feed.db'}"}
    )


def test_the_package_asks_for_all_that_it_needs(installed: None) -> None:
    done = subprocess.run([str(PYTHON), "-m", "pip", "check"], capture_output=True, text=True)
    found = subprocess.run([str(PYTHON), "-c", "import app"], capture_output=True, text=True, cwd="/")

    assert done.returncode == 0, done.stdout
    assert "No module named 'app'" in found.stderr


def test_every_example_is_short() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in EXAMPLES.glob("*.py")}

    assert lengths
    assert max(lengths.values()) < LINES_MAX, lengths


def test_the_chat_came_onto_the_cluster_by_the_lines_that_the_readme_shows() -> None:
    stock, moved = ((EXAMPLES / name).read_text().splitlines() for name in ("chat_stock.py", "chat.py"))
    changed = [line for line in difflib.ndiff(_code(stock), _code(moved)) if line.startswith(("+ ", "- "))]
    readme = (CLUSTER / "README.md").read_text()

    assert len([line for line in changed if line.startswith("+ ")]) <= CHANGED_LINES_MAX
    for line in changed:
        assert f"{line[0]}{line[2:]}\n" in readme


def _code(lines: list[str]) -> list[str]:
    """Without the docstring at its beginning and without empty lines."""
    start = next(number for number, line in enumerate(lines) if line.startswith("import "))
    return [line for line in lines[start:] if line]


def test_a_chat_on_two_nodes_is_one_chat_and_a_script_speaks_in_it(example: Program) -> None:
    with ExitStack() as stack:
        one, two = (stack.enter_context(example.node("chat:app", name)) for name in ("web1", "web2"))
        ana, bia, eva = (stack.enter_context(connected(url)) for url in (one, two, two))
        for listener, room in ((ana, "kitchen"), (bia, "kitchen"), (eva, "garden")):
            assert listener.call("join", {"room": room, "name": "somebody"}) == "joined"

        ana.client.emit("say", {"room": "kitchen", "text": "Who has the salt?"})
        bia.wait("said")
        example.run(str(EXAMPLES / "announce.py"), "kitchen", "The cake is ready")
        eva.client.emit("say", {"room": "garden", "text": "Nobody is here"})

        texts = ["Who has the salt?", "The cake is ready"]
        assert [said["text"] for said in ana.wait("said", 2)] == texts
        assert [said["text"] for said in bia.wait("said", 2)] == texts
        assert [said["text"] for said in eva.wait("said")] == ["Nobody is here"], "it is in another room"
        assert ana.wait("status") == [{"text": "somebody is here"}]


def test_who_is_here_is_known_on_every_node_and_who_goes_with_a_node_is_told(example: Program) -> None:
    with ExitStack() as stack:
        two = stack.enter_context(example.node("online:app", "web2"))
        bia = stack.enter_context(connected(two, auth={"name": "bia"}))
        with example.node("online:app", "web1") as one, connected(one, auth={"name": "ana"}):
            eventually(lambda: online(bia) == {"ana": True, "bia": True}, "both are here")
            assert bia.call("who", ["ana", "bia", "eva"])["online"] == ["ana", "bia"]
        eventually(lambda: online(bia) == {"ana": False, "bia": True}, "who was on the node that ended has gone")


def online(listener: Listener) -> dict[str, bool]:
    """What was told last of each, by the versions: a change whose node ended after it told it comes once more."""
    told = sorted(listener.heard("presence"), key=lambda change: int(change["version"]))
    return {change["name"]: change["online"] for change in told}


def test_a_feed_reaches_its_reader_on_any_node_and_later(example: Program) -> None:
    feed = str(EXAMPLES / "feed.py")
    example.run(feed, "prepare")
    token = example.run(feed, "token", "ana").strip()
    with ExitStack() as stack:
        stack.enter_context(example.running(feed, "relay"))
        two = stack.enter_context(example.node("feed:app", "web2"))
        with example.node("feed:app", "web1") as one, connected(one, "/feed", {"token": token}) as reader:
            (begun,) = reader.wait("authenticated")
            example.run(feed, "post", "ana", "The parcel left the house")
            example.run(feed, "post", "bia", "Not for Ana")
            (first,) = reader.wait("posted")
        example.run(feed, "post", "ana", "The parcel is here")

        place = {"token": token, "after": first["seq"], "epoch": begun["epoch"]}
        with connected(two, "/feed", place) as reader:
            example.run(feed, "post", "ana", "The parcel was opened")
            texts = [event["text"] for event in reader.wait("posted", 2)]
            (again,) = reader.wait("authenticated")

    assert (first["seq"], first["text"]) == (1, "The parcel left the house")
    assert again["recovered"] is True
    assert texts == ["The parcel is here", "The parcel was opened"]


def test_a_name_that_the_database_takes_for_another_s_is_nobody_s(example: Program) -> None:
    feed = str(EXAMPLES / "feed.py")
    example.run(feed, "prepare")
    token = example.run(feed, "token", "ana ").strip()
    with example.node("feed:app", "web1") as url, connected(url, "/feed", {"token": token}) as eva:
        (error,) = eva.wait("error")

    assert error["code"] == "not_authenticated"
    with pytest.raises(subprocess.CalledProcessError):
        example.run(feed, "post", "ana ", "for nobody")


def test_a_socket_that_says_it_is_two_people_at_once_is_one_of_them(example: Program) -> None:
    feed = str(EXAMPLES / "feed.py")
    example.run(feed, "prepare")
    tokens = [example.run(feed, "token", name).strip() for name in ("ana", "eva")]
    with example.node("feed:app", "web1") as url, example.running(feed, "relay"), connected(url, "/feed") as socket:
        for token in tokens:
            socket.client.emit("authenticate", {"token": token}, namespace="/feed")
        (refused,) = socket.wait("error")
        (authenticated,) = socket.wait("authenticated")

        somebody, nobody = ("ana", "eva") if authenticated["key"] == "ana" else ("eva", "ana")
        example.run(feed, "post", nobody, "for nobody here")
        example.run(feed, "post", somebody, "for the socket")
        assert [event["text"] for event in socket.wait("posted")] == ["for the socket"]

    assert refused["code"] == "other_user"


def test_a_forged_token_is_refused_and_hears_nothing(example: Program) -> None:
    feed = str(EXAMPLES / "feed.py")
    example.run(feed, "prepare")
    with (
        example.node("feed:app", "web1") as url,
        connected(url, "/feed", {"token": FORGED}) as eva,
    ):
        (error,) = eva.wait("error")

    assert error["event"] == "authenticate"
