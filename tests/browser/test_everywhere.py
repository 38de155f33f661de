"""On every size, with a keyboard, in light and dark, for everybody, and quickly."""

import json
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opening
from tests.support.people import Person

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
    outside = open_page(alice.url, new=True)
    outside.at("login-email").wait_for()
    screen = open_page(alice.url, alice, new=True)
    # However slow the first connection is here, it is within the time that passes without a word.
    screen.page.clock.set_fixed_time(datetime.now(UTC))
    screen.page.add_init_script(KEEP_SHIFTS)
    screen.page.goto("about:blank")
    screen.context.clear_cookies()
    screen.page.goto(alice.url)
    screen.wait_connected()
    screen.page.locator(".u-wrap").wait_for()
    expect(screen.at("extrato-linha")).to_have_count(1)
    assert [shift for shift in screen.page.evaluate("shifts") if shift["value"] > 0.0001] == []
    fresh = open_page(alice.url, alice, new=True)
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


@pytest.mark.parametrize("part", ["js/views/statement.js", "css/statement.css"])
def test_a_part_that_does_not_arrive_is_told(alice: Person, open_page: Opening, part: str) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.page.route(f"**/{part}", lambda route: route.abort())
    screen.go("extrato")
    expect(screen.page.get_by_role("alert").filter(has_text="não chegou")).to_be_visible()
    expect(screen.at("extrato-conta")).to_have_count(0)
    screen.complaints.clear()
    screen.page.unroute_all()
    screen.page.get_by_role("button", name="Carregar de novo").click()
    expect(screen.at("extrato-conta")).to_be_visible()


def test_a_page_that_could_not_begin_tries_once_more_by_itself(alice: Person, open_page: Opening) -> None:
    screen = open_page("about:blank#", alice)
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
