"""Passwords are hashed beside the node's own thread, which has others to serve."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import bcrypt
import pytest

from app.errors import ClientGone, Overloaded
from app.gate import Gate
from app.users import passwords
from app.users.passwords import hash_password, matches
from tests.support.people import WAIT_S, eventually


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The least work that bcrypt does; nothing is remembered from or for other tests."""
    passwords._nobody.cache_clear()
    monkeypatch.setattr(passwords, "ROUNDS", 4)
    yield
    passwords._nobody.cache_clear()


@pytest.mark.parametrize("password", ["senha123", "água e luz", "€" * 24, " com espaços "])
def test_a_password_matches_its_hash_and_no_other_does(password: str) -> None:
    hashed = hash_password(password)

    assert matches(password, hashed)
    assert not matches(f"x{password[1:]}", hashed)
    assert not matches(password[:-1], hashed)


def test_the_same_password_has_another_hash_each_time() -> None:
    assert hash_password("senha123") != hash_password("senha123")


def test_nobody_s_password_matches_nothing() -> None:
    assert not matches("nobody", None)
    assert not matches("", None)


def test_no_hash_is_made_in_the_node_s_own_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def watched(function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            threads.append(threading.get_ident())
            return function(*arguments)

        return call

    for name in ("hashpw", "checkpw"):
        monkeypatch.setattr(bcrypt, name, watched(getattr(bcrypt, name)))

    matches("senha123", hash_password("senha123"))
    matches("senha123", None)

    assert len(threads) == 4
    assert threading.get_ident() not in threads


def test_nothing_is_spent_on_who_has_gone_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bcrypt, "hashpw", pytest.fail)
    monkeypatch.setattr(bcrypt, "checkpw", pytest.fail)

    with pytest.raises(ClientGone):
        hash_password("senha123", is_gone=lambda: True)
    with pytest.raises(ClientGone):
        matches("senha123", None, is_gone=lambda: True)


def test_who_waits_is_asked_for_only_when_its_turn_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate("trial", at_once_max=1, waiting_max=1)
    monkeypatch.setattr(passwords, "_gate", gate)
    asked: list[bool] = []

    def is_gone() -> bool:
        asked.append(True)
        return True

    with ThreadPoolExecutor(1) as pool:
        with gate.enter(until=time.monotonic() + WAIT_S):
            waiting = pool.submit(matches, "senha123", None, is_gone=is_gone)
            eventually(lambda: gate.waiting, "a place in the queue")
            before = list(asked)

        with pytest.raises(ClientGone):
            waiting.result()
    assert (before, asked) == ([], [True])


def test_who_finds_the_queue_for_hashes_full_is_told_at_once_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        passwords, "_gate", Gate("trial", at_once_max=1, waiting_max=0, retry_after_s=passwords.RETRY_AFTER_S)
    )

    with passwords._gate.enter(until=0), pytest.raises(Overloaded) as refused:
        hash_password("senha123")

    assert refused.value.retry_after_s == passwords.RETRY_AFTER_S
    assert matches("senha123", hash_password("senha123"))


def test_the_queue_for_hashes_has_an_end() -> None:
    assert passwords.AT_ONCE_MAX <= 2
    assert 0 < passwords.WAITING_MAX <= 20
