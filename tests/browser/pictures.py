"""The two small pictures that the README shows: `python -m tests.browser.pictures docs/pictures`."""

import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM, CHROMIUM_ARGS, Screen, session_of
from tests.browser.contexts import log_in
from tests.browser.walk import busy_month
from tests.support.cluster import running_cluster
from tests.support.people import Person


def take(browser: Browser, folder: Path, alice: Person, bob: Person) -> None:
    """Home on a desk in light, and a transfer that just arrived on a telephone in dark."""
    common = {"locale": "pt-BR", "timezone_id": "America/Sao_Paulo", "reduced_motion": "reduce"}
    desk = {"viewport": {"width": 1200, "height": 760}, "color_scheme": "light"}
    telephone = {
        "viewport": {"width": 390, "height": 760},
        "color_scheme": "dark",
        "is_mobile": True,
        "has_touch": True,
    }
    for name, options in (("inicio", desk), ("telefone", telephone)):
        context = browser.new_context(**common, **options)  # type: ignore[arg-type]
        screen = Screen(context.new_page(), [])
        log_in(screen.page, alice.url, session_of(alice), then=alice.url)
        screen.wait_connected()
        screen.page.locator(".u-wrap").wait_for()
        assert bob.transfer(alice, "20.00").status_code == 201
        screen.at("aviso-toast").wait_for()
        screen.page.screenshot(path=folder / f"{name}.png", animations="disabled")
        context.close()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with running_cluster() as cluster, sync_playwright() as playwright:
        alice, bob = Person(cluster.url, "Alice Souza"), Person(cluster.url, "Bob Pereira")
        busy_month(alice, bob)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        take(browser, folder, alice, bob)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
