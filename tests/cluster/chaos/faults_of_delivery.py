"""Faults on the way of an event: after the commit, before the screen."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis
from flask_socketio_cluster.bus.canary import DEAF_S
from flask_socketio_cluster.bus.channels import Channels
from flask_socketio_cluster.bus.signing import unverified_body

from app.wire import room_of
from deploy.local.spawn import kill_group
from tests.cluster.chaos.lab import WORKERS, Lab
from tests.cluster.chaos.listener import Login
from tests.support.people import eventually

# A worker may have to be started first.
PUBLISHED_WITHIN_S = 30.0


def kill_between_publish_and_delete(lab: Lab, hold_s: float) -> None:
    """The worker has published and not yet deleted; afterwards the event is published a second time.

    Redis takes the message and does not say so. Whoever published it waits for that, and is killed there.
    """
    payee = lab.witnesses[1].login
    channel = Channels().room("/", room_of(payee.user_id))
    with _heard(lab, channel) as heard:
        seq = _publish_and_kill(lab, payee, channel, heard)
        while heard(seq) != 1:  # the worker gave Redis up, and published again, before it was killed
            seq = _publish_and_kill(lab, payee, channel, heard)
        eventually(lambda: heard(seq) > 1, "the message of the next worker", PUBLISHED_WITHIN_S)


def _publish_and_kill(lab: Lab, payee: Login, channel: str, heard: "Heard") -> int:
    """Returns the seq of what the worker had published."""
    lab.redis_link.hold_next_answer(channel)
    lab.witnesses[0].teller.transfer(payee, 7)
    seq: int = eventually(lab.redis_link.unanswered, "the worker's message", PUBLISHED_WITHIN_S)
    eventually(lambda: heard(seq) >= 1, "its delivery", PUBLISHED_WITHIN_S)
    for number in range(1, WORKERS + 1):
        kill_group(lab.cluster.pid(f"worker{number}"))
    return seq


@contextmanager
def _heard(lab: Lab, channel: str) -> Iterator["Heard"]:
    client = redis.Redis(port=lab.redis.port)
    with client.pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.subscribe(channel)
        yield Heard(subscription)
    client.close()


class Heard:
    """How often the message about an event was published so far."""

    def __init__(self, subscription: redis.client.PubSub) -> None:
        self._subscription = subscription
        self._seqs: list[int] = []

    def __call__(self, seq: int) -> int:
        while (message := self._subscription.get_message(timeout=0.01)) is not None:
            seq_line = unverified_body(message["data"]).split(b"\n", 1)[0]
            self._seqs.append(int(seq_line))
        return self._seqs.count(seq)


def drop_last_message(lab: Lab, hold_s: float) -> None:
    """No subscriber gets the message about the last event of a burst, and nothing tells anybody so."""
    payee = lab.witnesses[1].login
    burst = 3
    last = lab.auditor.heads([payee.user_id])[payee.user_id] + burst
    lab.redis_link.swallow(Channels().room("/", room_of(payee.user_id)), last)
    for _ in range(burst):
        lab.witnesses[0].teller.transfer(payee, 3)
    eventually(lab.redis_link.swallowed, "a message to lose", PUBLISHED_WITHIN_S)
    devices = lab.witnesses[1].devices
    eventually(lambda: all(device.position >= last for device in devices), "the event without its message")


def cut_subscriptions(lab: Lab, hold_s: float) -> None:
    """Redis drops every subscriber, over and over while a burst is on its way."""
    client = redis.Redis(port=lab.redis.port)
    for _ in range(4):
        client.client_kill_filter(_type="pubsub")
        lab.burst(2)
    client.client_kill_filter(_type="pubsub")
    client.close()


def deafen_subscriptions(lab: Lab, hold_s: float) -> None:
    """Connections that are open and bring nothing; the nodes notice by their canaries."""
    assert lab.redis_link.deafen() > 0
    lab.burst()
    begun = time.monotonic()
    lab.hold(hold_s)
    assert time.monotonic() - begun > DEAF_S


def empty_redis(lab: Lab, hold_s: float) -> None:
    client = redis.Redis(port=lab.redis.port)
    client.flushall()
    client.close()
    lab.redis.kill()
    lab.redis.start()
    lab.burst()
