"""The names of python-socketio's and python-engineio's servers that are not documented API, and that app/realtime
rests on. A test that fails here says what an upgrade would break, before anybody misses an event."""

import inspect
import json

import flask_socketio
import pytest
import socketio
from engineio.middleware import WSGIApp
from engineio.packet import MESSAGE, Packet
from engineio.payload import Payload
from engineio.server import Server as EngineServer
from engineio.socket import Socket
from flask import Flask
from flask_socketio_cluster.bus.manager import RoutedRedisManager
from flask_socketio_cluster.transport.session import EngineSession
from gevent.pywsgi import WSGIHandler
from geventwebsocket.handler import WebSocketHandler
from socketio.packet import Packet as SocketPacket

from app import wire
from tests.integration.library import NOWHERE, parameters

# -- the server ------------------------------------------------------------------------------------


def test_the_node_s_name_is_in_front_of_both_session_ids(server: socketio.Server, eio_socket: EngineSession) -> None:
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


def test_what_a_packet_asks_for_is_done_by_these(server: socketio.Server) -> None:
    assert parameters(server._handle_connect) == ["eio_sid", "namespace", "data"]
    assert parameters(server._handle_disconnect) == ["eio_sid", "namespace", "reason"]
    assert parameters(server._handle_event_internal) == ["server", "sid", "eio_sid", "data", "namespace", "id"]
    assert parameters(server.manager.trigger_callback) == ["sid", "id", "data"]
    assert "message" in server.eio.handlers


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


def test_a_session_of_ours_is_a_library_s_with_what_we_rely_on(server: socketio.Server) -> None:
    theirs = Socket(server.eio, "x")

    for name, value in {"closed": False, "closing": False, "upgraded": False, "upgrading": False}.items():
        assert getattr(theirs, name) is value
    assert theirs.last_ping, "a first `schedule_ping` takes effect"
    assert parameters(Socket.close) == ["wait", "abort", "reason"]
    assert parameters(Socket.send) == ["pkt"]


def test_every_request_goes_through_one_function_of_the_server() -> None:
    assert parameters(EngineServer.handle_request) == ["environ", "start_response"]
    assert "self.engineio_app.handle_request(environ, start_response)" in inspect.getsource(WSGIApp)
    assert "self.eio.handle_request(environ, start_response)" in inspect.getsource(socketio.Server.handle_request)
    source = inspect.getsource(EngineServer)
    assert "_service_task" in inspect.getsource(EngineServer._handle_connect), "which nobody calls: our heartbeat is it"
    assert source.count("self.service_task_handle = ") <= 2


def test_a_handler_of_gevent_websocket_leaves_the_handshake_to_the_application() -> None:
    assert "self.result = self.upgrade_websocket()" in inspect.getsource(WebSocketHandler.run_application)
    assert "while self.socket is not None" in inspect.getsource(WSGIHandler.handle)


def test_a_poll_brings_no_more_packets_than_a_stock_client_takes(eio_socket: EngineSession) -> None:
    for number in range(40):
        eio_socket.send(Packet(MESSAGE, str(number)))

    polls = [eio_socket.poll({}) for _ in range(3)]

    assert [len(poll) for poll in polls] == [16, 16, 8]
    assert [text for poll in polls for text in poll] == [f"4{number}" for number in range(40)]
    assert inspect.getsource(Payload).count("max_decode_packets = 16") == 1
