"""Browsers for the tests: Debian's Chromium, and people who are already logged in."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, TimeoutError, expect

from tests.browser.contexts import Contexts, clear, log_in
from tests.support.people import Person, eventually

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--lang=pt-BR",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--autoplay-policy=user-gesture-required",
]
WAIT_MS = 30_000
# Requests that a test makes fail on purpose, and refusals that are part of the story.
EXPECTED_NOISE = ("Failed to load resource", "WebSocket connection to", "ERR_INTERNET_DISCONNECTED")


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": CHROMIUM, "args": CHROMIUM_ARGS}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    return {
        "locale": "pt-BR",
        "timezone_id": "America/Sao_Paulo",
        "viewport": {"width": 1280, "height": 860},
        "reduced_motion": "reduce",
        # It would take the page over at any moment, and with it what a test intercepts. Its own tests allow it.
        "service_workers": "block",
    }


@dataclass
class Screen:
    """One page of one person, and the complaints of its console."""

    page: Page
    complaints: list[str]
    failed: list[str] = field(default_factory=list)

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    def at(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    def go(self, path: str) -> None:
        self.page.evaluate("path => { location.hash = '#/' + path }", path)

    def wait_connected(self) -> str:
        """Return when the page is live: the name of the node that it is connected to."""
        try:
            self.page.locator("[data-testid=conexao][data-estado=conectado]").wait_for()
        except TimeoutError as late:
            seen = self.page.locator("body").inner_text()
            raise AssertionError(f"not connected; requests that failed: {self.failed}; on the screen: {seen}") from late
        return str(self.at("conexao").get_attribute("data-no"))

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Let the page's requests and sockets reach the test's handlers until `condition` is true."""
        return eventually(lambda: self.page.evaluate("1") and condition(), what, WAIT_MS / 1000)

    def balance(self, account: int) -> Locator:
        return self.at(f"conta-{account}-saldo")


Opening = Callable[..., Screen]


def session_of(person: Person) -> str:
    user = {"id": person.id, "email": person.email, "nome": person.name}
    return json.dumps({"token": person.token, "usuario": user})


def watch(page: Page) -> list[str]:
    """Everything that the page's console complains about, as it grows."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(noise in message.text for noise in EXPECTED_NOISE):
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


@pytest.fixture(scope="session")
def contexts(browser: Browser, browser_context_args: dict[str, Any]) -> Contexts:
    return Contexts(browser, browser_context_args)


@pytest.fixture
def open_page(contexts: Contexts) -> Iterator[Opening]:
    """Open the page in a browser of its own, logged in as `person` when one is given.
    `new`: one that has no file yet and is not used again, as whoever sets its clock or adds to its context needs.

    At the end no page may have complained: no script error, nothing refused by the security policy.
    """
    screens: list[Screen] = []
    with ExitStack() as ends:

        def open_one(url: str, person: Person | None = None, *, new: bool = False, **options: Any) -> Screen:
            context = contexts.take(new=new, **options)
            ends.callback(contexts.give_back, context, again=not new and not options)
            context.set_default_timeout(WAIT_MS)
            expect.set_options(timeout=WAIT_MS)
            page = context.new_page()
            site = person.url if person else url
            if site.startswith("http"):
                clear(page, site)
            screen = Screen(page, watch(page))
            page.on("requestfailed", lambda request: screen.failed.append(f"{request.url} {request.failure}"))
            screens.append(screen)
            address = url if "#" in url else f"{url}/"
            if person:
                log_in(page, person.url, session_of(person), then=address)
            else:
                page.goto(address)
            return screen

        yield open_one
        assert [screen.complaints for screen in screens] == [[] for _ in screens]


@pytest.fixture
def open_on_other_node(open_page: Opening) -> Callable[..., Screen]:
    """Open the page of `person` on a node that is not among `taken`; handshakes go round, so a few tries are enough."""

    def open_elsewhere(person: Person, *taken: str) -> Screen:
        for _ in range(12):
            screen = open_page(person.url, person)
            if screen.wait_connected() not in taken:
                return screen
            screen.page.close()
        raise AssertionError(f"every connection came to {taken}")

    return open_elsewhere
