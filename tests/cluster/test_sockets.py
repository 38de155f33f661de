"""What a Socket.IO client of the guide is told, over WebSocket and over polling, on whatever node it is."""

import pytest

from tests.support.people import Feed, Person

TRANSPORTS = pytest.mark.parametrize("transports", [("websocket",), ("polling",)], ids=lambda t: t[0])


@TRANSPORTS
def test_a_client_of_the_guide_is_greeted_and_authenticated(alice: Person, transports: tuple[str, ...]) -> None:
    feed = Feed(alice.url, transports=transports)

    feed.emit("autenticar", {"token": alice.token})
    answer = feed.wait_for("autenticado").payload

    assert feed.named("conexao")[0]["mensagem"] == "Conectado ao servidor WebSocket"
    assert answer["mensagem"] == "Autenticado com sucesso"
    assert (answer["usuario_id"], answer["email"]) == (alice.id, alice.email)
    feed.close()
