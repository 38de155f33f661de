"""Push to a closed page, in a browser: asked for on the device, shown by the service worker, gone with the session.

Chromium's own push service cannot be reached here, so what it would give the page is put in its place.
"""

import json

from playwright.sync_api import CDPSession, expect

from app.db import Database
from tests.browser.conftest import Opening, Screen
from tests.browser.test_arrival import log_in
from tests.conftest import NO_PUSH_SERVICE
from tests.integration.customers import rows
from tests.support.cluster import Cluster
from tests.support.people import Person
from tests.support.push_service import Browser

# A subscription lives in the browser until it is given up, whatever pages come and go.
SUBSCRIBES = """
    const KEY = "teste:inscricao";
    const made = () => localStorage.getItem(KEY) && {
        endpoint: SUBSCRIPTION.endpoint,
        toJSON: () => SUBSCRIPTION,
        unsubscribe: async () => (localStorage.removeItem(KEY), true),
    };
    PushManager.prototype.getSubscription = async () => made() || null;
    PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
        localStorage.setItem(KEY, applicationServerKey);
        return made();
    };
"""
# The person says no.
REFUSES = """
    let said = "default";
    Object.defineProperty(Notification, "permission", { get: () => said });
    Notification.requestPermission = async () => (said = "denied");
"""
SHOWN = """async () => {
    const registration = await navigator.serviceWorker.ready;
    return (await registration.getNotifications()).map(({ title, body, tag }) => [title, body, tag]);
}"""


def opened(open_page: Opening, person: Person, path: str = "") -> Screen:
    """A page with a service worker that may show notifications."""
    screen = open_page("about:blank#", person, service_workers="allow", permissions=["notifications"])
    subscription = json.dumps(Browser(NO_PUSH_SERVICE, f"/{person.id}").subscription)
    screen.context.add_init_script(f"const SUBSCRIPTION = {subscription};{SUBSCRIBES}")
    screen.page.goto(f"{person.url}/#/{path}")
    screen.wait_connected()
    return screen


def devices(cluster: Cluster, person: Person) -> int:
    db = Database(cluster.database())
    found = rows(db, "SELECT id FROM push_subscriptions WHERE user_id = :user", user=person.id)
    db.dispose()
    return len(found)


class PushedTo:
    """The push service's end of the line to one page's service worker."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._cdp: CDPSession = screen.context.new_cdp_session(screen.page)
        self._registrations: list[str] = []
        self._cdp.on("ServiceWorker.workerRegistrationUpdated", self._note)
        self._cdp.send("ServiceWorker.enable")
        screen.until(lambda: self._registrations, "the service worker's registration")
        # A worker that is still being installed gets nothing.
        screen.page.evaluate("async () => { await navigator.serviceWorker.ready; }")

    def _note(self, event: dict[str, list[dict[str, str]]]) -> None:
        self._registrations += [found["registrationId"] for found in event["registrations"]]

    def deliver(self, message: str) -> None:
        url = self._screen.page.evaluate("location.origin")
        where = {"origin": url, "registrationId": self._registrations[-1]}
        self._cdp.send("ServiceWorker.deliverPushMessage", {**where, "data": message})


def test_a_device_is_told_until_its_owner_turns_it_off(cluster: Cluster, alice: Person, open_page: Opening) -> None:
    screen = opened(open_page, alice, "preferencias")
    state = screen.at("push-estado")
    expect(state).to_have_attribute("data-estado", "desligado")
    screen.at("push-ligar").click()
    expect(state).to_have_attribute("data-estado", "ligado")
    assert screen.page.evaluate("localStorage['teste:inscricao']") == alice.get("/push/chave").json()["chave"]
    assert devices(cluster, alice) == 1
    screen.page.reload()
    expect(state).to_have_attribute("data-estado", "ligado")
    screen.at("push-ligar").click()
    expect(state).to_have_attribute("data-estado", "desligado")
    assert devices(cluster, alice) == 0


def test_a_browser_that_refuses_is_explained(cluster: Cluster, alice: Person, open_page: Opening) -> None:
    screen = open_page("about:blank#", alice, service_workers="allow")
    screen.context.add_init_script(REFUSES)
    screen.page.goto(f"{alice.url}/#/preferencias")
    screen.at("push-ligar").click()
    expect(screen.at("push-erro")).to_have_text("O navegador não permitiu avisos deste site.")
    expect(screen.at("push-estado")).to_have_attribute("data-estado", "bloqueado")
    expect(screen.at("push-estado")).to_contain_text("permita as notificações")
    expect(screen.at("push-ligar")).to_be_hidden()
    assert devices(cluster, alice) == 0


def test_after_a_logout_the_device_is_told_nothing_and_nothing_stays_on_its_screen(
    cluster: Cluster, alice: Person, open_page: Opening
) -> None:
    screen = opened(open_page, alice, "preferencias")
    screen.at("push-ligar").click()
    expect(screen.at("push-estado")).to_have_attribute("data-estado", "ligado")
    PushedTo(screen).deliver(json.dumps({"titulo": "Aviso", "texto": "oi", "id": "1"}))
    screen.until(lambda: screen.page.evaluate(SHOWN) == [["Aviso", "oi", "1"]], "the notification")
    screen.at("sair").click()
    screen.at("login-email").wait_for()
    screen.until(lambda: devices(cluster, alice) == 0, "the end of the subscription")
    screen.until(lambda: screen.page.evaluate("localStorage['teste:inscricao']") is None, "the browser's end of it")
    screen.until(lambda: screen.page.evaluate(SHOWN) == [], "an empty screen")


def test_who_logs_in_again_is_told_again_without_a_question(
    cluster: Cluster, alice: Person, open_page: Opening
) -> None:
    screen = opened(open_page, alice, "preferencias")
    screen.at("push-ligar").click()
    expect(screen.at("push-estado")).to_have_attribute("data-estado", "ligado")
    screen.at("sair").click()
    screen.until(lambda: screen.page.evaluate("localStorage['teste:inscricao']") is None, "the browser's end of it")
    screen.page.reload()
    log_in(screen, alice)
    screen.wait_connected()
    screen.until(lambda: devices(cluster, alice) == 1, "the subscription of the new session")


def test_what_is_pushed_is_shown_once_and_a_click_leads_to_it(alice: Person, bob: Person, open_page: Opening) -> None:
    assert bob.deposit("1.00").status_code == 201
    operation = bob.transfer(alice, "1.00").json()["operacao_id"]
    screen = opened(open_page, alice)
    line = PushedTo(screen)
    pushed = {"titulo": "Transferência", "texto": "Você recebeu", "caminho": f"/#/comprovante/{operation}", "id": "7-1"}
    for message in (json.dumps(pushed), json.dumps(pushed), "não é JSON"):
        line.deliver(message)
    strange = ["Saldo Vivo", "Há uma novidade na sua conta.", "aviso"]
    expected = [["Transferência", "Você recebeu", "7-1"], strange]
    screen.until(lambda: sorted(screen.page.evaluate(SHOWN)) == sorted(expected), "two notifications")
    (worker,) = screen.context.service_workers
    worker.evaluate("""async () => {
        const [notification] = await registration.getNotifications({ tag: "7-1" });
        dispatchEvent(new NotificationEvent("notificationclick", { notification }));
    }""")
    screen.at("comprovante").wait_for()
    assert screen.page.url.endswith(f"#/comprovante/{operation}")
    screen.until(lambda: screen.page.evaluate(SHOWN) == [strange], "the clicked one to be gone")
