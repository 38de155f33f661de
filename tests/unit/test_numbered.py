"""What an event of a stream looks like on the bus, also between processes of two releases."""

from flask_socketio_cluster.bus.numbered import Numbered, read_body
from flask_socketio_cluster.trace import Origin
from hypothesis import given
from hypothesis import strategies as st

PACKETS = ('2["notificacao",{"seq":12}]', '2["saldo_atualizado",{"texto":"água"}]')


@given(
    seq=st.integers(1, 2**53),
    more=st.integers(0, 1),
    at_us=st.integers(0, 2**52),
    trace=st.none() | st.from_regex(r"[A-Za-z0-9_-]{16,64}", fullmatch=True),
)
def test_what_is_published_is_read_as_it_was(seq: int, more: int, at_us: int, trace: str | None) -> None:
    packets, origin = PACKETS[: more + 1], Origin(at_us / 1e6, trace)

    read = read_body(Numbered("/", "user_7", seq, packets, origin).body())

    assert read[:2] == (seq, list(packets))
    assert read[2] is not None
    assert (round(read[2].at_s * 1e6), read[2].trace) == (at_us, trace)


def test_a_worker_of_before_is_understood() -> None:
    assert read_body(b'12\n2["notificacao",{"seq":12}]') == (12, ['2["notificacao",{"seq":12}]'], None)


def test_a_node_of_before_gets_every_packet_and_one_that_its_clients_pass_over() -> None:
    body = Numbered("/", "user_7", 12, PACKETS, Origin(1.5, "f" * 32)).body()

    seq, first, *more = body.decode().split("\n")  # all that it does with it

    assert int(seq) == 12
    assert (first, *more[:-1]) == PACKETS
    assert more[-1] == f'2/~,["origin",1.500000,"{"f" * 32}"]'  # see tests/cluster/test_seeing.py
