"""Guessing is stopped where it comes from, by what it costs; and nobody can lock an owner out from everywhere."""

import itertools
import secrets
from collections.abc import Callable, Iterable, Iterator

import pytest
from flask import Flask

from app import clock, http
from app.db import Database
from app.errors import AppError, ClientGone, Overloaded
from app.users import attempts, passwords
from app.users.attempts import Attempts, CpuBudget
from app.users.devices import Devices
from tests.integration.users_app import PASSWORD, SECRET, Visitor, address, users_app
from tests.support.limits import patient
from tests.support.servers import RedisServer
from worker.commands import demo

BY_PAIR = attempts.GUESSES_BY_ADDRESS_AND_ACCOUNT.window.amount
BY_ACCOUNT = attempts.GUESSES_BY_ACCOUNT.window.amount
BY_ADDRESS = attempts.STRANGERS_CPU_MS_BY_ADDRESS.window.amount // attempts.ATTEMPT_CPU_MS


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    passwords._nobody.cache_clear()
    monkeypatch.setattr(passwords, "ROUNDS", 4)
    yield
    passwords._nobody.cache_clear()


@pytest.fixture
def app(sqlite: Database, redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The routes of users alone, and a node that has as much to spend as it likes."""
    monkeypatch.setattr(attempts, "CpuBudget", lambda: CpuBudget(at_once=10**9))
    return users_app(sqlite, patient(redis.url))


@pytest.fixture
def visitor(app: Flask) -> Callable[..., Visitor]:
    return lambda at=None: Visitor(app.test_client(), at or address())


@pytest.fixture
def email(visitor: Callable[..., Visitor]) -> str:
    """Of somebody who has registered, somewhere."""
    chosen = f"{secrets.token_hex(6)}@teste.example"
    assert visitor().register(chosen) == 201
    return chosen


def test_one_address_that_guesses_locks_nobody_out_elsewhere(visitor: Callable[..., Visitor], email: str) -> None:
    answers = visitor().guess(email, 75)

    assert answers == [401] * BY_PAIR + [429] * (75 - BY_PAIR)
    assert visitor().log_in(email) == 200


def test_against_many_addresses_the_account_has_a_limit_of_its_own(visitor: Callable[..., Visitor], email: str) -> None:
    for _ in range(BY_ACCOUNT // BY_PAIR):
        assert visitor().guess(email, BY_PAIR) == [401] * BY_PAIR

    assert visitor().log_in(email, "mais um palpite") == 429


def test_a_device_that_was_logged_in_on_before_always_has_a_way_in(visitor: Callable[..., Visitor], email: str) -> None:
    known, registered_on = visitor(), visitor()
    assert known.log_in(email) == 200
    other = f"{secrets.token_hex(6)}@teste.example"
    assert registered_on.register(other) == 201
    for account in (email, other):
        for _ in range(BY_ACCOUNT // BY_PAIR):
            visitor().guess(account, BY_PAIR)

    assert [visitor().log_in(account) for account in (email, other)] == [429, 429], "a stranger has none"
    assert [known.log_in(email), registered_on.log_in(other)] == [200, 200]


def test_also_from_the_address_that_others_guess_from(visitor: Callable[..., Visitor], email: str) -> None:
    known = visitor()
    assert known.log_in(email) == 200
    neighbour = visitor(known.address)
    neighbour.guess(email, BY_PAIR + 1)
    for _ in range(BY_ADDRESS):
        neighbour.log_in(f"{secrets.token_hex(6)}@teste.example", "palpite qualquer")

    assert visitor(known.address).log_in(email) == 429
    assert known.log_in(email) == 200


def test_a_device_is_known_to_those_who_logged_in_on_it_only(visitor: Callable[..., Visitor], email: str) -> None:
    attacker = visitor()
    assert attacker.register(f"{secrets.token_hex(6)}@teste.example") == 201

    assert attacker.guess(email, BY_PAIR + 1) == [401] * BY_PAIR + [429]


def test_guessing_on_a_known_device_ends_too(visitor: Callable[..., Visitor], email: str) -> None:
    known = visitor()
    assert known.log_in(email) == 200
    allowed = attempts.LOGINS_BY_DEVICE.window.amount

    assert known.guess(email, allowed + 1) == [401] * allowed + [429]


def test_a_family_s_device_knows_all_of_them(visitor: Callable[..., Visitor], email: str) -> None:
    tablet = visitor()
    others = [f"{secrets.token_hex(6)}@teste.example" for _ in range(3)]
    assert [tablet.register(other) for other in others] == [201] * 3
    assert tablet.log_in(email) == 200

    device = Devices(SECRET).read(str(tablet.client.get_cookie("aparelho").value))  # type: ignore[union-attr]

    assert len(device.user_ids) == 4


def test_the_cookie_of_a_device_is_out_of_reach_of_scripts_and_other_sites(
    visitor: Callable[..., Visitor], email: str
) -> None:
    answer = visitor().post("/login", {"email": email, "senha": PASSWORD})

    cookie = answer.headers["Set-Cookie"]
    assert all(f"; {flag}" in cookie for flag in ("HttpOnly", "SameSite=Strict", "Path=/"))


def test_what_passwords_cost_is_limited_for_an_address_whatever_the_account(visitor: Callable[..., Visitor]) -> None:
    attacker = visitor()

    answers = [
        attacker.log_in(f"{secrets.token_hex(6)}@teste.example", "palpite qualquer") for _ in range(BY_ADDRESS + 5)
    ]

    assert answers == [401] * BY_ADDRESS + [429] * 5
    assert attacker.register(f"{secrets.token_hex(6)}@teste.example") == 429, "one budget for whatever costs a hash"


def test_registrations_from_one_address_are_limited(visitor: Callable[..., Visitor]) -> None:
    somebody = visitor()
    allowed = attempts.REGISTRATIONS_BY_ADDRESS.window.amount

    answers = [somebody.register(f"{secrets.token_hex(6)}@teste.example") for _ in range(allowed + 1)]

    assert answers == [201] * allowed + [429]


def test_who_asks_whether_an_address_is_registered_is_limited_as_anybody(
    visitor: Callable[..., Visitor], email: str
) -> None:
    curious = visitor()
    allowed = attempts.REGISTRATIONS_BY_ADDRESS.window.amount

    assert [curious.register(email) for _ in range(allowed + 1)] == [409] * allowed + [429]


def test_a_password_that_others_would_try_first_registers_nobody(visitor: Callable[..., Visitor]) -> None:
    body = {"nome": "Mariana Figueiredo", "email": f"{secrets.token_hex(6)}@teste.example"}

    for common in ("1234567890", "mariana1990"):
        answer = visitor().post("/registro", {**body, "senha": common})
        assert (answer.status_code, answer.get_json()["codigo"]) == (422, "dados_invalidos")
        assert answer.get_json()["erro"].startswith("senha: ")


def test_who_has_an_old_password_still_gets_in(visitor: Callable[..., Visitor], sqlite: Database) -> None:
    demo.create(sqlite)

    assert [visitor().log_in(email, demo.PASSWORD) for email in (demo.ADMIN, demo.MARIA)] == [200, 200]


def test_one_network_of_ipv6_is_one_address(visitor: Callable[..., Visitor], email: str) -> None:
    network = f"2001:db8:{secrets.randbelow(2**16):x}:1"
    answers = [visitor(f"{network}::{number:x}").log_in(email, "palpite") for number in range(1, BY_PAIR + 2)]

    assert answers == [401] * BY_PAIR + [429]


@pytest.mark.parametrize(
    ("given", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("", "unknown"),
    ],
)
def test_an_address_is_counted_in_one_form(given: str, counted: str) -> None:
    with Flask("x").test_request_context(environ_base={"REMOTE_ADDR": given}):
        assert http.client_address() == counted


def test_a_node_spends_no_more_than_its_share_on_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0
    monkeypatch.setattr(clock, "monotonic_s", lambda: now_s)
    budget = CpuBudget(per_s=500, at_once=1000)
    for _ in range(4):
        budget.take(250)

    with pytest.raises(Overloaded) as refused:
        budget.take(250)

    assert refused.value.retry_after_s == 1
    now_s += 0.5
    budget.take(250)
    now_s += 3600
    for _ in range(4):
        budget.take(250)
    with pytest.raises(Overloaded):
        budget.take(250)


def test_strangers_cannot_use_up_what_a_node_has_for_known_devices(redis: RedisServer) -> None:
    limits = patient(redis.url)
    tries = Attempts(limits)
    device = Devices(SECRET).read(None)

    def flood() -> None:
        while True:
            with tries.by_stranger(f"{secrets.token_hex(6)}@teste.example", address()):
                pass

    with pytest.raises(Overloaded):
        flood()
    with tries.on_known_device(device, 1, address()):
        pass


def test_nor_can_other_people_s_known_devices_use_up_what_an_owner_needs_to_get_in(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "monotonic_s", lambda: 1000.0)  # nothing comes back meanwhile
    tries = Attempts(patient(redis.url))
    device = Devices(SECRET).read(None)

    def log_in(user_id: int) -> None:
        with tries.on_known_device(device, user_id, address()):
            pass

    def log_in_until_refused(user_ids: Iterable[int]) -> None:
        for user_id in user_ids:
            log_in(user_id)

    others = range(1, attempts.CPU_MS_AT_ONCE // attempts.ATTEMPT_CPU_MS + 2)
    with pytest.raises(Overloaded):
        log_in_until_refused(itertools.chain.from_iterable((other,) * 3 for other in others))
    owner = others[-1] + 1
    log_in(owner)
    with pytest.raises(Overloaded):
        log_in_until_refused(itertools.repeat(owner))


@pytest.mark.parametrize("reason", [ClientGone, Overloaded])
def test_who_was_not_worked_on_has_cost_the_node_nothing(redis: RedisServer, reason: type[AppError]) -> None:
    tries = Attempts(patient(redis.url))

    for _ in range(2 * attempts.CPU_MS_AT_ONCE // attempts.ATTEMPT_CPU_MS):
        with pytest.raises(reason), tries.by_stranger(f"{secrets.token_hex(6)}@teste.example", address()):
            raise reason

    with tries.by_stranger(f"{secrets.token_hex(6)}@teste.example", address()):
        pass
