"""Contexts of the browser: with the usual options they are used again, since loading the static files takes longest."""

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page

SESSION_KEY = "saldo-vivo:sessao"


class Contexts:
    """`options`: the usual ones. A context that is used again has nothing of before but files in the HTTP cache."""

    def __init__(self, browser: Browser, options: dict[str, Any]) -> None:
        self._browser = browser
        self._options = options
        self._free: list[BrowserContext] = []

    def take(self, *, new: bool, **options: Any) -> BrowserContext:
        """One with no page. One that is `new`, or has any `options`, is for this alone."""
        if self._free and not new and not options:
            return self._free.pop()
        return self._browser.new_context(**{**self._options, **options})

    def give_back(self, context: BrowserContext, *, again: bool) -> None:
        """Close its pages; `again`: it may be used again."""
        if not again:
            context.close()
            return
        for page in context.pages:
            page.close()
        context.set_offline(False)
        context.clear_cookies()
        self._free.append(context)


def clear(page: Page, url: str) -> None:
    """Take out what the site of `url` has kept in the browser of `page`, all but the HTTP cache."""
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    session = page.context.new_cdp_session(page)
    session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    session.detach()


def log_in(page: Page, url: str, session: str, *, then: str) -> None:
    """Leave `session` where the page of `url` looks for it, and go to `then`, with nothing to go back to."""
    place = f"{url}/nothing"
    page.route(place, lambda route: route.fulfill(body="", content_type="text/html"))
    page.goto(place)
    page.unroute(place)
    page.evaluate("([key, session]) => localStorage.setItem(key, session)", [SESSION_KEY, session])
    with page.expect_navigation():
        page.evaluate("address => { setTimeout(() => location.replace(address)) }", then)
