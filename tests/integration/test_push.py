"""Pushes to closed pages, by the worker's job and a push service of the test's own, as strict as a real one."""

import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.db import Database
from app.errors import DatabaseDown
from app.fields import read
from app.notifications import actions as inbox
from app.push import actions
from app.push.payloads import NewSubscription
from app.push.services import PushServices
from app.push.vapid import Vapid
from app.streams.notify import notify
from tests.integration import friends as chat
from tests.integration.customers import Customer, clock_at, new_customer, rows
from tests.integration.friends import ask, befriend, say
from tests.integration.test_push_subscriptions import log_out, session_of
from tests.support.metrics import counted
from tests.support.ports import LOOPBACK, free_port
from tests.support.push_service import Browser, PushService, push_service
from worker import push
from worker.push import PushJob, Taken
from worker.push_sender import PushSender

SUBJECT = "mailto:operacao@banco.example"
KEY = secrets.token_urlsafe(32)


@pytest.fixture
def service() -> Iterator[PushService]:
    with push_service() as started:
        yield started


@pytest.fixture
def alice(database: Database) -> Customer:
    return new_customer(database, "Alice Souza")


Run = Callable[..., str]


@pytest.fixture
def run(database: Database, service: PushService) -> Run:
    """Run the job so many seconds from now: `run(11)`, `run(11, taken=…, services=[…])`; what the operator sees."""

    def run_once(
        after_s: float = push.SETTLED_S + 1, *, taken: Taken = lambda *_: False, others: tuple[str, ...] = ()
    ) -> str:
        sender = PushSender(Vapid(KEY, SUBJECT), PushServices((service.url, *others)))
        with clock_at((clock.now() + timedelta(seconds=after_s)).isoformat()):
            return PushJob(database, sender, taken=taken).run().text

    return run_once


def subscribe(customer: Customer, browser: Browser, session_id: str = "s1") -> Browser:
    body = read(NewSubscription, browser.subscription)
    customer.db.transact(actions.subscribe, session_of(customer, session_id), body)
    return browser


def tell(customer: Customer, *messages: str, kind: str = "aviso") -> None:
    for message in messages:
        notify(customer.db, [customer.id], kind=kind, message=message)


def prefer(customer: Customer, document: str) -> None:
    customer.db.transact(inbox.keep_preferences, customer.id, document)


def texts(service: PushService, browser: Browser) -> list[str]:
    return [browser.read(pushed)["texto"] for pushed in service.to(browser.path)]


def test_a_transfer_reaches_the_browser_and_nobody_between_can_read_it(
    alice: Customer, service: PushService, run: Run
) -> None:
    bob = new_customer(alice.db, "Bob Pereira", cents=5000)
    browser = subscribe(alice, Browser(service.url))
    sent = bob.transfer(alice, 1234)
    before = counted("saldo_vivo_pushes_total", outcome="sent")

    assert run() == "devices: 1, pushes: 1"
    assert counted("saldo_vivo_pushes_total", outcome="sent") == before + 1

    (pushed,) = service.got
    assert browser.read(pushed) == {
        "titulo": "Transferência",
        "texto": "Você recebeu uma transferência",
        "caminho": f"/#/comprovante/{sent['operacao_id']}",
        "id": f"{alice.id}-1",
    }
    assert b"comprovante" not in pushed.body
    claims = pushed.claims(audience=service.url)
    assert (claims["sub"], claims["key"]) == (SUBJECT, Vapid(KEY, SUBJECT).public_key)
    assert pushed.headers["Topic"] == f"{alice.id}-1"
    assert int(pushed.headers["TTL"]) > 0


def test_amounts_are_named_to_who_wants_them(alice: Customer, service: PushService, run: Run) -> None:
    bob = new_customer(alice.db, "Bob Pereira", cents=5000)
    prefer(alice, '{"push_valores": true}')
    browser = subscribe(alice, Browser(service.url))
    bob.transfer(alice, 1234)

    run()

    assert texts(service, browser) == ["Você recebeu R$ 12,34 de Bob Pereira"]


def test_each_is_pushed_once_when_no_socket_took_it_for_ten_seconds(
    alice: Customer, service: PushService, run: Run
) -> None:
    browser = subscribe(alice, Browser(service.url))
    tell(alice, "um", "dois")

    run(push.SETTLED_S - 2)
    assert service.got == []
    run(taken=lambda user_id, seq: (user_id, seq) == (alice.id, 1))
    run()

    assert texts(service, browser) == ["dois"]


def test_what_the_person_did_has_read_or_does_not_want_is_not_pushed(
    alice: Customer, service: PushService, run: Run
) -> None:
    browser = subscribe(alice, Browser(service.url))
    prefer(alice, '{"sem_push": ["cobranca"]}')
    alice.deposit(100)
    tell(alice, "lido", "novo")
    tell(alice, "não quero", kind="cobranca")
    alice.db.transact(inbox.mark_each, alice.id, [2])

    run()

    assert texts(service, browser) == ["novo"]


def test_a_message_is_pushed_without_its_words_and_opens_its_conversation(
    alice: Customer, service: PushService, run: Run
) -> None:
    bob = new_customer(alice.db, "Bob Pereira")
    befriend(alice, bob)
    browser = subscribe(alice, Browser(service.url))
    say(alice, bob, "de mim mesma")
    read_one = say(bob, alice, "lida")
    chat.read(alice, bob, read_one)
    say(bob, alice, "a senha é 1234")

    run()

    (pushed,) = [browser.read(pushed) for pushed in service.to(browser.path)]
    assert (pushed["titulo"], pushed["texto"]) == ("Mensagem", "Nova mensagem de Bob Pereira")
    assert pushed["caminho"] == f"/#/conversas/{bob.id}"

    prefer(alice, '{"push_valores": true}')
    ask(bob, alice, 1250)
    run()
    assert texts(service, browser)[1:] == ["Bob Pereira: pediu R$ 12,50"]


def test_in_quiet_hours_only_security_is_pushed_and_nothing_comes_afterwards(
    alice: Customer, service: PushService, run: Run
) -> None:
    browser = subscribe(alice, Browser(service.url))
    tell(alice, "de noite")
    tell(alice, "Sua senha mudou", kind="seguranca")
    around = [clock.now() + timedelta(seconds=push.SETTLED_S + 1, hours=hours) for hours in (-1, 1)]
    start, end = (f"{moment:%H:%M}" for moment in around)
    prefer(alice, f'{{"silencio": {{"ativo": true, "inicio": "{start}", "fim": "{end}"}}, "fuso": "UTC"}}')

    run()
    prefer(alice, "{}")
    run()

    assert texts(service, browser) == ["Sua senha mudou"]
    assert service.got[0].headers["Urgency"] == "high"


def test_who_was_away_for_more_than_a_day_is_not_told_of_it_by_push(
    alice: Customer, service: PushService, run: Run
) -> None:
    subscribe(alice, Browser(service.url))
    tell(alice, "antigo")

    run(push.AGE_MAX.total_seconds() + 1)

    assert service.got == []


def test_many_are_told_together(alice: Customer, service: PushService, run: Run) -> None:
    browser = subscribe(alice, Browser(service.url))
    tell(alice, *"abcd")

    run()

    (pushed,) = service.got
    assert browser.read(pushed)["titulo"] == "4 avisos novos"
    assert browser.read(pushed)["caminho"] == "/#/avisos"


def test_a_worker_that_dies_after_a_push_repeats_it_under_the_same_name(
    alice: Customer, service: PushService, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = subscribe(alice, Browser(service.url))
    tell(alice, "um")
    with monkeypatch.context() as broken:

        def die(*_: object) -> None:
            raise DatabaseDown

        broken.setattr(actions, "advance", die)
        with pytest.raises(DatabaseDown):
            run()

    run()

    assert texts(service, browser) == ["um", "um"]
    assert len({(pushed.headers["Topic"], browser.read(pushed)["id"]) for pushed in service.got}) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_is_gone_is_forgotten(alice: Customer, service: PushService, run: Run, status: int) -> None:
    service.answers["/device"] = (status, {})
    subscribe(alice, Browser(service.url))
    tell(alice, "um", "dois")

    run()

    assert len(service.got) == 1
    assert rows(alice.db, "SELECT * FROM push_subscriptions") == []


@pytest.mark.parametrize(
    ("status", "headers", "pause_s"),
    [
        (429, {"Retry-After": "120"}, 120),
        (503, {}, push.BACKOFF_S),
        (503, {"Retry-After": "999999"}, push.BACKOFF_MAX_S),
        (500, {"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"}, push.BACKOFF_S),
        (403, {}, push.BACKOFF_S),
    ],
)
def test_a_service_that_refuses_is_asked_again_later_and_nobody_else_waits(
    alice: Customer, service: PushService, run: Run, status: int, headers: dict[str, str], pause_s: int
) -> None:
    refused, other = Browser(service.url, "/refused"), Browser(service.url, "/other")
    for browser in (refused, other):
        subscribe(alice, browser)
    service.answers["/refused"] = (status, headers)
    tell(alice, "um")

    run(11)
    run(11 + pause_s - 2)
    assert (len(service.to("/refused")), texts(service, other)) == (1, ["um"])
    service.answers.clear()
    run(11 + pause_s + 2)

    assert texts(service, refused) == ["um", "um"]
    assert texts(service, other) == ["um"]


def test_the_pause_grows_while_a_service_goes_on_refusing(alice: Customer, service: PushService, run: Run) -> None:
    subscribe(alice, Browser(service.url))
    service.answers["/device"] = (503, {})
    tell(alice, "um")

    run(11)
    run(11 + push.BACKOFF_S + 2)
    run(11 + 2 * push.BACKOFF_S + 4)
    assert len(service.got) == 2
    run(11 + 3 * push.BACKOFF_S + 4)

    assert len(service.got) == 3


def test_a_service_that_is_away_is_asked_once_a_run_and_holds_up_no_other(
    alice: Customer, service: PushService, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = f"http://{LOOPBACK}:{free_port()}"
    tries: list[str] = []
    post = PushSender._post

    def count(sender: PushSender, endpoint: str, *rest: Any) -> object:
        tries.append(endpoint)
        return post(sender, endpoint, *rest)

    monkeypatch.setattr(PushSender, "_post", count)
    for number in range(3):
        subscribe(alice, Browser(away, f"/{number}"))
    browser = subscribe(alice, Browser(service.url))
    tell(alice, "um")

    run(others=(away,))

    assert texts(service, browser) == ["um"]
    assert [endpoint for endpoint in tries if endpoint.startswith(away)] == [f"{away}/0"]


def test_a_redirection_is_not_followed(alice: Customer, service: PushService, run: Run) -> None:
    service.answers["/device"] = (307, {"Location": f"{service.url}/inside"})
    subscribe(alice, Browser(service.url))
    tell(alice, "um")

    run()

    assert [pushed.path for pushed in service.got] == ["/device"]


def test_a_service_that_the_settings_no_longer_name_is_not_asked(
    alice: Customer, service: PushService, run: Run
) -> None:
    with push_service() as elsewhere:
        subscribe(alice, Browser(elsewhere.url))
        tell(alice, "um")
        run()
        assert elsewhere.got == []


def test_nothing_is_pushed_to_a_device_that_has_just_logged_out(
    alice: Customer, service: PushService, run: Run
) -> None:
    first = subscribe(alice, Browser(service.url, "/first"), "first")
    second = subscribe(alice, Browser(service.url, "/second"), "second")
    tell(alice, "um")

    def log_out_meanwhile(*_: int) -> bool:
        if len(rows(alice.db, "SELECT id FROM push_subscriptions")) == 2:
            alice.db.transact(log_out, session_of(alice, "second"))
        return False

    run(taken=log_out_meanwhile)

    assert (texts(service, first), texts(service, second)) == (["um"], [])
