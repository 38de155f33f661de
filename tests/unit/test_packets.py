"""What is no Socket.IO packet of a client is told apart before anything is done with it."""

import json
from typing import Any

import pytest
from flask_socketio_cluster.transport import packets
from flask_socketio_cluster.transport.session import Malformed
from hypothesis import given
from hypothesis import strategies as st
from socketio.packet import ACK, CONNECT, EVENT, Packet

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "x2",
        "4",
        '4{"message":"x"}',
        "5",
        '5-["x"]',
        '517-["x"]',
        '5100-["x"]',
        '51["x",{"_placeholder":true,"num":0}]',
        "61-[]",
        "7",
        "²",
        "2",
        "2[]",
        "2{}",
        '2"x"',
        "2[1]",
        "2[null]",
        '2["disconnect"]',
        '2["connect"]',
        '2["connect_error",{}]',
        '2["*"]',
        '2["x"',
        '2["x"]]',
        '2["x",NaN]',
        '2["x",-Infinity]',
        '2["x",1e999]',
        '2["x",' + "[]," * 500 + "0]",
        '2["x"' + ",0" * 501 + "]",
        '2["x","\\ud800"]',
        '2["x",' + "9" * 5000 + "]",
        '2["x",' + nested(8) + "]",
        "2" + nested(10_000),
        "21234567890" + '["x"]',
        "2/" + "a" * 65 + ',["x"]',
        "0[]",
        "0null5",
        '01{"token":"x"}',
        "1[]",
        "1{}",
        "12",
        "3[]",
        "31{}",
        "31",
    ],
)
def test_what_no_client_sends_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        packets.read(text)


@given(st.text(max_size=60) | st.text('0123456789[]{}",:/-\\undef ', max_size=40))
def test_whatever_comes_is_read_or_malformed_and_nothing_else(text: str) -> None:
    try:
        packet = packets.read(text)
    except Malformed:
        return
    json.dumps(packet.data, allow_nan=False, ensure_ascii=False).encode()


@given(
    name=st.text(max_size=10).filter(lambda name: name not in packets.RESERVED_EVENTS),
    data=JSON,
    number=st.none() | st.integers(0, 999_999_999),
    namespace=st.sampled_from(["/", "/feed", "/a-b_c"]),
)
def test_events_of_a_real_client_are_read_as_they_were_meant(
    name: str, data: Any, number: int | None, namespace: str
) -> None:
    sent = Packet(EVENT, [name, data], namespace=namespace, id=number).encode()

    read = packets.read(sent)

    assert (read.kind, read.namespace, read.id, read.data) == (packets.EVENT, namespace, number, [name, data])


def test_connecting_leaving_and_acknowledging_are_read() -> None:
    assert packets.read("0").data is None
    assert packets.read(Packet(CONNECT, {"token": "x"}, namespace="/a").encode()).data == {"token": "x"}
    assert packets.read("0/a?token=x,").namespace == "/a"
    assert packets.read("1").kind == packets.DISCONNECT
    assert packets.read("1/a,").namespace == "/a"
    assert packets.read(Packet(ACK, ["ok"], id=12).encode()).id == 12


def test_a_packet_says_how_many_attachments_follow_it() -> None:
    text = '52-/feed,7["x",{"_placeholder":true,"num":1},[{"_placeholder":true,"num":0}]]'

    packet = packets.read(text)
    whole = packets.with_attachments(packet, [b"a", b"b"])

    assert (packet.kind, packet.namespace, packet.id, packet.attachments) == (EVENT, "/feed", 7, 2)
    assert (whole.kind, whole.data, whole.attachments) == (EVENT, ["x", b"b", [b"a"]], 0)
    assert packets.read("61-3[]").kind == ACK


@pytest.mark.parametrize("number", ["-1", "1", "null", '"0"', "true", "0.0", "[]"])
def test_a_place_for_an_attachment_that_is_not_there_is_malformed(number: str) -> None:
    packet = packets.read(f'51-["x",{{"_placeholder":true,"num":{number}}}]')

    with pytest.raises(Malformed):
        packets.with_attachments(packet, [b"a"])


def test_as_deep_as_allowed_is_read() -> None:
    assert packets.read('2["x",' + nested(7) + "]").kind == packets.EVENT


def test_a_long_text_is_no_many_values() -> None:
    text = ", [ { " * 1000
    assert packets.read("2" + json.dumps(["x", text, '\\"[,'])).data == ["x", text, '\\"[,']
