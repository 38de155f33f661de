"""Without a network the page still opens; it keeps its own files and nothing of anybody's money."""

from playwright.sync_api import expect

from tests.browser.conftest import Opening, Screen
from tests.support.people import Person

KEPT = """
    async () => {
        const worker = await navigator.serviceWorker.ready;
        const paths = [];
        for (const name of await caches.keys()) {
            for (const request of await (await caches.open(name)).keys()) paths.push(new URL(request.url).pathname);
        }
        return worker.active?.state === "activated" ? paths : [];
    }
"""

# What the test will need offline; it comes when the first screen is there, so it is kept after the rest.
PARTS = ("/js/views/statement.js", "/js/lib/statement_pages.js", "/vendor/uPlot.esm.min.js")


def wait_kept(screen: Screen) -> None:
    def are_kept() -> bool:
        kept = screen.page.evaluate(KEPT)
        return all(any(path.endswith(part) for path in kept) for part in PARTS)

    screen.until(are_kept, "the files that the page keeps")


def test_the_page_opens_offline_and_comes_alive_by_itself(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("33.00").status_code == 201
    screen = open_page(alice.url, alice, service_workers="allow")
    screen.wait_connected()
    wait_kept(screen)
    kept = screen.page.evaluate(KEPT)
    assert all(path == "/" or path.startswith("/static/") for path in kept), kept

    screen.context.set_offline(True)
    screen.page.reload()
    expect(screen.at("desatualizado")).to_contain_text("Suas contas aparecem assim que ela voltar")
    screen.go("extrato")
    expect(screen.at("extrato-conta")).to_be_visible()
    screen.go("")
    screen.context.set_offline(False)
    screen.wait_connected()
    expect(screen.balance(alice.account)).to_have_text("R$\u00a033,00")


def test_the_chart_is_kept_before_any_was_shown(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, service_workers="allow")
    screen.at("login-email").wait_for()
    wait_kept(screen)
