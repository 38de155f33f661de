"""The names of python-socketio's and python-engineio's servers that are not documented API, and that app/realtime
rests on. A test that fails here says what an upgrade would break, before anybody misses an event."""

import inspect
import json

import flask_socketio
import pytest
import socketio
from engineio.packet import MESSAGE, Packet
from engineio.payload import Payload
from engineio.server import Server as EngineServer
from engineio.socket import Socket
from flask import Flask
from gevent.pywsgi import WSGIHandler
from geventwebsocket.handler import WebSocketHandler
from socketio.packet import Packet as SocketPacket

from app import wire
from app.realtime import server as node_server
from app.realtime.bus import RoutedRedisManager
from app.realtime.engine import NodeSocket
from tests.integration.library import NOWHERE, parameters

# -- the server ------------------------------------------------------------------------------------


def test_the_node_s_name_is_in_front_of_both_session_ids(server: socketio.Server, eio_socket: NodeSocket) -> None:
    server.eio.generate_id = lambda: "web1.made"

    assert server.manager.connect(eio_socket.sid, "/") == "web1.made", "the manager asks eio for the sid"
    assert "self.generate_id()" in inspect.getsource(EngineServer._handle_connect), "nginx finds the node by it"


def test_the_client_manager_that_is_given_is_the_one_that_is_used() -> None:
    bus = RoutedRedisManager(NOWHERE, node_id="web1")
    attached = flask_socketio.SocketIO(Flask("x"), async_mode="threading", client_manager=bus)

    assert attached.server.manager is bus
    assert bus.server is attached.server


def test_disconnecting_here_does_not_ask_the_other_nodes(server: socketio.Server, sid: str) -> None:
    server.manager._publish = pytest.fail

    server.disconnect(sid, ignore_queue=True)

    assert not server.manager.is_connected(sid, "/")


def test_what_no_client_sends_is_stopped_where_packets_come_in(server: socketio.Server, eio_socket: NodeSocket) -> None:
    handled: list[str] = []
    server._handle_event = lambda _eio_sid, _namespace, _id, data: handled.append(data[0])
    node_server._refuse_what_no_client_sends(server)

    server.eio.handlers["message"]("web1.eio", '2["autenticar",{}]')

    assert handled == ["autenticar"], "text packets go from eio's message handler to _handle_event"
    assert not eio_socket.closed
    assert parameters(server._handle_eio_message) == ["eio_sid", "data"]


@pytest.mark.parametrize("packet", ['2["disconnect"]', '2["connect"]', "2[]", '51-["x",{"_placeholder":true}]', b"x"])
def test_who_sends_what_no_client_sends_is_closed_without_being_waited_for(
    server: socketio.Server, eio_socket: NodeSocket, packet: str | bytes
) -> None:
    server._handle_event = pytest.fail
    node_server._refuse_what_no_client_sends(server)

    server.eio.handlers["message"]("web1.eio", packet)

    assert eio_socket.closed


@pytest.mark.parametrize(("kind", "digit"), [("BINARY_EVENT", "5"), ("BINARY_ACK", "6")])
def test_binary_packets_have_the_digits_that_are_refused(kind: str, digit: str) -> None:
    assert str(getattr(socketio.packet, kind)) == digit
    assert digit in node_server.BINARY_PACKETS


def test_our_event_packets_are_what_the_library_would_write() -> None:
    payload = {"texto": "água", "n": [1, None]}
    theirs = SocketPacket(socketio.packet.EVENT, namespace="/", data=["notificacao", payload]).encode()
    ours = wire.event_packet("notificacao", wire.dumps(payload))

    assert (ours[0], json.loads(ours[1:])) == (theirs[0], json.loads(theirs[1:]))


# -- Engine.IO -------------------------------------------------------------------------------------


def test_a_packet_of_text_is_written_as_it_is() -> None:
    assert Packet(MESSAGE, '2["a",{}]').encode() == '42["a",{}]'


def test_a_packet_for_a_session_that_has_gone_is_passed_over(server: socketio.Server) -> None:
    server.eio.send_packet("nobody", Packet(MESSAGE, "x"))

    assert "nobody" not in server.eio.sockets


def test_a_session_of_ours_is_a_library_s_with_what_we_rely_on(server: socketio.Server, eio_socket: NodeSocket) -> None:
    theirs = Socket(server.eio, "x")

    for name, value in {"closed": False, "closing": False, "upgraded": False, "upgrading": False}.items():
        assert getattr(theirs, name) is value
    assert theirs.last_ping, "a first `schedule_ping` takes effect"
    assert parameters(Socket.close) == ["wait", "abort", "reason"]
    assert parameters(Socket.send) == ["pkt"]
    assert parameters(Socket._upgrade_websocket) == ["environ", "start_response"]
    assert "'_upgrade_' + transport" in inspect.getsource(Socket.handle_get_request)
    assert "if self.upgrading or self.upgraded" in inspect.getsource(Socket.handle_get_request)
    assert "self.schedule_ping()" in inspect.getsource(Socket.receive)


def test_the_server_asks_one_function_for_a_new_session_and_has_no_monitor_of_its_own(server: socketio.Server) -> None:
    assert parameters(EngineServer._handle_connect) == ["environ", "start_response", "transport", "jsonp_index"]
    source = inspect.getsource(EngineServer)
    assert source.count("._service_task") == 1, "the heartbeat stands for it, which `_handle_connect` starts"
    assert "self._service_task" in inspect.getsource(EngineServer._handle_connect)
    assert inspect.getsource(EngineServer.handle_request).count("self._handle_connect(environ, start_response") == 1


def test_the_answers_to_a_handshake_are_made_by_these(server: socketio.Server, eio_socket: NodeSocket) -> None:
    server.eio.async_mode = "gevent"

    assert server.eio._upgrades(eio_socket.sid, "polling") == ["websocket"]
    assert server.eio._upgrades(eio_socket.sid, "websocket") == []
    assert server.eio._ok([Packet(MESSAGE, "x")])["response"] == b"4x"
    assert server.eio._bad_request("x")["status"] == "400 BAD REQUEST"


def test_a_handler_of_gevent_websocket_leads_to_its_connection() -> None:
    assert "self.websocket = WebSocket(self.environ, Stream(self), self)" in inspect.getsource(
        WebSocketHandler.upgrade_connection
    )
    assert "if not self.websocket.closed:" in inspect.getsource(WebSocketHandler.run_websocket)
    assert "while self.socket is not None" in inspect.getsource(WSGIHandler.handle)


def test_a_poll_brings_no_more_packets_than_a_stock_client_takes(eio_socket: NodeSocket) -> None:
    for number in range(40):
        eio_socket.send(Packet(MESSAGE, str(number)))

    polls = [[packet.data for packet in eio_socket.poll()] for _ in range(3)]

    assert [len(poll) for poll in polls] == [16, 16, 8]
    assert [text for poll in polls for text in poll] == [str(number) for number in range(40)]
    assert inspect.getsource(Payload).count("max_decode_packets = 16") == 1
