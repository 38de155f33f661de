"""On every size, with a keyboard, in light and dark, for everybody, and quickly."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opening, Screen
from tests.support.people import Person

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FIRST_LOAD_BYTES_MAX = 150_000

# Everything that came over the network for a page, as compressed as it came, headers included.
TRANSFERRED = """
    () => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
        .reduce((sum, entry) => sum + entry.transferSize, 0)
"""
KEEP_SHIFTS = """
    globalThis.shifts = [];
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => shifts.push({
        value: entry.value, of: entry.sources.map(({ node }) => node?.className ?? String(node)),
    }))).observe({ type: "layout-shift", buffered: true });
"""


def violations(page: Page) -> list[str]:
    """What axe finds wrong, one line for each element."""
    page.evaluate(AXE.read_text())
    result: dict[str, Any] = page.evaluate(
        "async (tags) => axe.run(document, { runOnly: { type: 'tag', values: tags } })", AXE_RULES
    )
    return [
        f"{found['id']}: {node['target']} {node['failureSummary']}"
        for found in result["violations"]
        for node in found["nodes"]
    ]


def arrival_states(screen: Screen) -> Iterator[str]:
    screen.at("login-email").wait_for()
    yield "login"
    screen.at("login-alternar").click()
    screen.at("login-senha").fill("abc")
    screen.at("registro-enviar").click()
    yield "register with errors"
    screen.go("verificar")
    screen.at("verificar-enviar").click()
    yield "verify"


def inside_states(screen: Screen, account: int) -> Iterator[str]:
    screen.wait_connected()
    screen.page.locator(".u-wrap").wait_for()
    yield "home"
    screen.at("sino").click()
    screen.at("notificacao-item").first.wait_for()
    yield "panel"
    screen.page.keyboard.press("Escape")
    screen.at("conta-nova").click()
    screen.at("conta-nome").wait_for()
    yield "new account"
    screen.page.keyboard.press("Escape")
    screen.go("operar/transferencia")
    screen.at("op-continuar").click()
    yield "operation with errors"
    screen.go("operar/deposito")
    screen.at("form-deposito").wait_for()
    screen.at("op-valor").fill("100")
    screen.at("op-continuar").click()
    screen.at("op-confirmacao").wait_for()
    yield "confirmation"
    screen.page.route("**/deposito", lambda route: route.abort(), times=1)
    screen.at("op-confirmar").click()
    screen.at("operacao-pendente").wait_for()
    yield "lost answer"
    screen.at("op-confirmar").click()
    screen.at("comprovante").wait_for()
    yield "receipt"
    screen.at("comprovante-copiar").click()
    screen.at("aviso-toast").filter(has_text="Comprovante copiado").wait_for()
    yield "toast"
    screen.go(f"extrato/{account}")
    screen.at("extrato").get_by_test_id("extrato-linha").first.wait_for()
    yield "statement"
    screen.at("extrato-texto").fill("nada parecido")
    screen.page.get_by_text("Nenhuma movimentação").wait_for()
    yield "empty statement"
    screen.go("preferencias")
    screen.at("volume").wait_for()
    yield "preferences"
    screen.context.set_offline(True)
    screen.at("desatualizado").wait_for()
    yield "offline"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_wrong_on_any_screen(alice: Person, open_page: Opening, scheme: str, width: int) -> None:
    options: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 860}, "bypass_csp": True}
    assert alice.deposit("250.00").status_code == 201
    assert alice.pay("12.50", "Pão e café").status_code == 201
    outside, inside = open_page(alice.url, **options), open_page(alice.url, alice, **options)
    wrong = {state: violations(outside.page) for state in arrival_states(outside)}
    wrong |= {state: violations(inside.page) for state in inside_states(inside, alice.account)}
    inside.context.set_offline(False)
    inside.wait_connected()
    assert alice.post("/logout", {"todos": True}).status_code == 204
    expect(inside.at("login-aviso")).not_to_be_empty()
    wrong["ended"] = violations(inside.page)
    assert {state: found for state, found in wrong.items() if found} == {}


@pytest.mark.parametrize("width", [320, 768, 2560])
def test_nothing_sticks_out_sideways(alice: Person, open_page: Opening, width: int) -> None:
    viewport = {"width": width, "height": 800}
    assert alice.deposit("987654321.12").status_code == 201
    assert (
        alice.pay("123456789.01", "Uma descrição bem comprida que não cabe em uma linha só de um telefone").status_code
        == 201
    )
    outside, inside = open_page(alice.url, viewport=viewport), open_page(alice.url, alice, viewport=viewport)
    wide: dict[str, int] = {}
    for screen, states in ((outside, arrival_states(outside)), (inside, inside_states(inside, alice.account))):
        for state in states:
            over = screen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over > 0:
                wide[state] = over
    assert wide == {}


def test_a_transfer_is_made_by_keyboard_alone(alice: Person, bob: Person, open_page: Opening) -> None:
    assert alice.deposit("10.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    keys = screen.page.keyboard
    keys.press("Tab")
    expect(screen.page.locator(".skip")).to_be_focused()
    keys.press("Enter")
    expect(screen.page.locator("#conteudo")).to_be_focused()
    for _ in range(4):
        keys.press("Tab")
    expect(screen.at("op-transferencia")).to_be_focused()
    keys.press("Enter")
    screen.at("form-transferencia").wait_for()
    while not screen.at("op-valor").evaluate("input => input === document.activeElement"):
        keys.press("Tab")
    keys.type("250")
    keys.press("Tab")
    keys.press("Tab")
    keys.type(str(bob.account))
    expect(screen.at("op-continuar")).to_be_enabled()
    keys.press("Enter")
    expect(screen.at("op-titular")).to_contain_text("B")
    expect(screen.at("op-confirmar")).to_be_enabled()
    keys.press("Tab")
    keys.press("Tab")
    expect(screen.at("op-confirmar")).to_be_focused()
    keys.press("Enter")
    expect(screen.at("comprovante")).to_contain_text("R$\u00a02,50")
    assert bob.balance() == 2.5


def test_the_first_load_is_light_and_nothing_jumps(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("10.00").status_code == 201
    outside = open_page(alice.url)
    outside.at("login-email").wait_for()
    screen = open_page(alice.url, alice)
    screen.page.add_init_script(KEEP_SHIFTS)
    screen.page.goto("about:blank")
    screen.context.clear_cookies()
    screen.page.goto(alice.url)
    screen.wait_connected()
    screen.page.locator(".u-wrap").wait_for()
    expect(screen.at("extrato-linha")).to_have_count(1)
    assert [shift for shift in screen.page.evaluate("shifts") if shift["value"] > 0.0001] == []
    # Without the service worker, which would take over in the middle of it and be counted or not as it comes.
    fresh = open_page(alice.url, alice, service_workers="block")
    fresh.wait_connected()
    fresh.page.locator(".u-wrap").wait_for()
    expect(fresh.at("extrato-linha")).to_have_count(1)
    fresh.page.wait_for_load_state("networkidle")
    for page in (outside.page, fresh.page):
        assert 0 < page.evaluate(TRANSFERRED) < FIRST_LOAD_BYTES_MAX


def test_it_can_be_installed(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url)
    href = screen.page.locator('link[rel="manifest"]').get_attribute("href")
    manifest = json.loads(screen.page.request.get(f"{alice.url}{href}").text())
    assert manifest["display"] == "standalone"
    assert {icon["sizes"] for icon in manifest["icons"]} >= {"192x192", "512x512"}
    folder = str(href).rsplit("/", 1)[0]
    for icon in manifest["icons"]:
        assert screen.page.request.get(f"{alice.url}{folder}/{icon['src']}").ok


def test_a_part_that_does_not_arrive_is_told(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice, service_workers="block")
    screen.wait_connected()
    screen.page.route("**/js/views/statement.js", lambda route: route.abort())
    screen.go("extrato")
    expect(screen.page.get_by_role("alert").filter(has_text="não chegou")).to_be_visible()
    screen.complaints.clear()
    screen.page.unroute_all()
    screen.page.get_by_role("button", name="Carregar de novo").click()
    expect(screen.at("extrato-conta")).to_be_visible()


def test_a_page_that_could_not_begin_tries_once_more_by_itself(alice: Person, open_page: Opening) -> None:
    screen = open_page("about:blank#", alice, service_workers="block")
    screen.page.route("**/js/app.js", lambda route: route.abort(), times=1)
    screen.page.goto(alice.url)
    screen.wait_connected()


def test_the_theme_is_chosen_and_kept(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice, color_scheme="light")
    screen.go("preferencias")
    screen.at("tema-dark").check()
    dark = screen.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    screen.page.reload()
    screen.at("volume").wait_for()
    assert screen.page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == dark
    screen.at("tema-sistema").check()
    assert screen.page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != dark


def test_the_page_may_talk_to_its_own_bank_only(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    policy = screen.page.request.get(alice.url).headers["content-security-policy"].split("; ")
    assert {"default-src 'self'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"} <= set(policy)
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in "".join(policy)
