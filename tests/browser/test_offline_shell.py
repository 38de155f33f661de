"""Without a network the page still opens; it keeps its own files and nothing of anybody's money."""

from playwright.sync_api import expect

from app.web.pages import STATIC
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

# The API's documentation is another page, and the worker itself is the browser's to keep.
OTHERS = {"js/docs.js", "css/docs.css", "js/service_worker.js"}
# Of no use without a network, and to nobody but administrators.
PANEL = {"js/models/panel.js", "js/views/panel.js", "js/views/panel_actions.js", "css/panel.css"}
CHART = {"vendor/uPlot.esm.min.js", "vendor/uPlot.min.css"}


def page_files() -> set[str]:
    """Every script and every stylesheet of the page, whichever of everybody's screens it is of."""
    own = [*(STATIC / "js").rglob("*.js"), *(STATIC / "css").rglob("*.css")]
    return {str(path.relative_to(STATIC)) for path in own} - OTHERS - PANEL | CHART


def wait_kept(screen: Screen) -> None:
    def missing() -> set[str]:
        return page_files() - {path.split("/", 3)[-1] for path in screen.page.evaluate(KEPT)}

    screen.until(lambda: not missing(), "the files that the page keeps")


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


def test_every_screen_is_kept_before_any_was_shown(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, service_workers="allow")
    screen.at("login-email").wait_for()
    wait_kept(screen)
