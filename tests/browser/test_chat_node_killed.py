"""Two people chat, each on a node of their own, and the node of one of them is killed in the middle of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import WebSocketRoute, expect

from deploy.local.spawn import kill_group
from tests.browser.conftest import Opening, Screen
from tests.browser.test_chat import talk, write
from tests.support.cluster import Cluster, running_cluster
from tests.support.people import Person, eventually
from tests.support.servers import DatabaseServer, redis_server

CONNECTED_WITHIN_S = 60.0


@pytest.fixture(scope="module")
def cluster(mariadb: DatabaseServer) -> Iterator[Cluster]:
    """Its own: nobody else is to lose a node."""
    with redis_server() as server:
        url = mariadb.create_database("node_killed")
        with running_cluster(database_url=url, redis_url=server.url) as started:
            yield started


class Line:
    """Between a page and its node. What goes in the direction that `loses` names is lost from then on."""

    def __init__(self, screen: Screen) -> None:
        self.loses = ""
        self.lost: list[str] = []
        screen.page.route_web_socket("**/socket.io/**", self._open)

    def _open(self, page: WebSocketRoute) -> None:
        node = page.connect_to_server()
        page.on_message(lambda frame: self._pass("requests", node, frame))
        node.on_message(lambda frame: self._pass("answers", page, frame))

    def _pass(self, kind: str, to: WebSocketRoute, frame: str | bytes) -> None:
        if self.loses == kind:
            self.lost.append(str(frame))
        else:
            to.send(frame)


def reach(screen: Screen, url: str) -> str:
    screen.page.goto(url)
    return screen.wait_connected()


def texts(screen: Screen) -> list[str]:
    return screen.page.locator(".bubble-text").all_inner_texts()


@pytest.mark.parametrize("loses", ["requests", "answers"])
def test_a_node_is_killed_while_two_people_write_and_each_message_is_on_both_pages_once(
    cluster: Cluster, open_page: Opening, loses: str
) -> None:
    alice, bob = Person(cluster.url, "Alice Souza"), Person(cluster.url, "Bob Pereira")
    assert alice.post("/contatos", {"email": bob.email}).status_code == 202
    assert bob.post(f"/contatos/{alice.id}/aceitar", {}).status_code == 204
    hers, his = open_page(alice.url, alice), open_page("about:blank#", bob, new=True)
    node, line = hers.wait_connected(), Line(his)
    eventually(lambda: reach(his, bob.url) != node, "another node", CONNECTED_WITHIN_S)
    talk(hers, bob)
    talk(his, alice)
    expect(hers.at("conversa-estado")).to_have_text("online")

    for number in range(3):
        write(hers, f"dela {number}")
        write(his, f"dele {number}")
    expect(his.at("tique")).to_have_text(["Lida"] * 3)
    # Of the last message before the end either the node knows nothing, or the page does not know that the node has it.
    line.loses = loses
    write(his, "dele, sem resposta")
    his.until(lambda: any("sem resposta" in frame for frame in line.lost), "the loss of it")
    write(hers, "dela, ao mesmo tempo")
    # His page is to have no line for as long as the test wants.
    his.page.clock.install()
    his.page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=1))
    kill_group(cluster.pid(his.wait_connected()))
    expect(his.at("conexao")).to_have_attribute("data-estado", "reconectando")
    line.loses = ""
    write(his, "dele, sem linha")
    expect(his.at("tique").last).to_have_text("Esperando para ser enviada")
    write(hers, "dela, para quem está fora")
    expect(hers.at("conversa-estado")).to_contain_text("visto por último")
    his.page.clock.resume()
    his.wait_connected()

    expect(hers.at("conversa-estado")).to_have_text("online")
    write(hers, "dela, depois")
    write(his, "dele, depois")
    from_her = [*(f"dela {n}" for n in range(3)), "dela, ao mesmo tempo", "dela, para quem está fora", "dela, depois"]
    from_him = [*(f"dele {n}" for n in range(3)), "dele, sem resposta", "dele, sem linha", "dele, depois"]
    for screen, count in ((hers, len(from_her)), (his, len(from_him))):
        expect(screen.at("tique")).to_have_text(["Lida"] * count)
        expect(screen.at("conversa-estado")).to_have_text("online")
    kept = [message["texto"] for message in bob.get(f"/conversas/{alice.id}/mensagens").json()["mensagens"]][::-1]
    assert texts(hers) == texts(his) == kept
    assert [text for text in kept if text in from_her] == from_her
    assert [text for text in kept if text not in from_her] == from_him
