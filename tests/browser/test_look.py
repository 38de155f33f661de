"""How the page looks where it is hard: low windows, narrow ones, great sums, and what floats above the rest."""

from typing import Any

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from tests.browser.conftest import Opening, Screen
from tests.browser.test_arrival import log_in
from tests.support.people import Person

BILLION = "1000000000.00"
# Drawn in, it is its dot alone.
LINK_STATE = ".link-state.is-tucked .link-dot, .link-state:not(.is-tucked)"
PRESSED = "a[href], button, input, select"
# Elements that can be pressed and lie, at least in part, under what floats, once the page has scrolled so far.
# A new ResizeObserver hears of the first size after all that a frame has to run and before it is painted: what is seen.
UNDER = """
    async ([floating, pressed, down]) => {
        scrollTo(0, down);
        await new Promise((frame) => requestAnimationFrame(frame));
        await new Promise((settled) => new ResizeObserver(settled).observe(document.documentElement));
        const { left, top, right, bottom } = document.querySelector(floating).getBoundingClientRect();
        return [...document.querySelectorAll(pressed)].filter((each) => {
            const box = each.getBoundingClientRect();
            const seen = each.checkVisibility({ visibilityProperty: true }) && box.width > 1;
            return seen && !each.closest(".link-state") &&
                box.left < right && box.right > left && box.top < bottom && box.bottom > top;
        }).map((each) => each.outerHTML.slice(0, 90));
    }
"""


def telephone(width: int, height: int) -> dict[str, Any]:
    return {"viewport": {"width": width, "height": height}, "is_mobile": True, "has_touch": True}


# A telephone on its side, and a desk's window at 200 %.
@pytest.mark.parametrize(("width", "height"), [(844, 390), (640, 430)])
def test_a_low_window_starts_at_the_top(alice: Person, open_page: Opening, width: int, height: int) -> None:
    screen = open_page(alice.url, viewport={"width": width, "height": height})
    expect(screen.at("login-email")).to_be_focused()
    assert screen.page.evaluate("scrollY") == 0
    expect(screen.page.locator(".brand")).to_be_in_viewport(ratio=1)
    log_in(screen, alice)
    screen.wait_connected()
    assert screen.page.evaluate("scrollY") == 0
    expect(screen.page.get_by_role("heading", level=1)).to_be_focused()
    for place, heading in (("preferencias", "Preferências"), ("operar/saque", "Saque"), ("extrato", "Extrato")):
        screen.page.evaluate("scrollTo(0, 300)")
        screen.go(place)
        expect(screen.page.get_by_role("heading", name=heading, level=1)).to_be_in_viewport(ratio=1)
        assert screen.page.evaluate("scrollY") == 0
        topbar, title = box(screen.page.locator(".topbar")), box(screen.page.locator("h1"))
        assert title["y"] >= topbar["y"] + topbar["height"]


def box(locator: Locator) -> FloatRect:
    found = locator.bounding_box()
    assert found is not None
    return found


def overlap(one: FloatRect, other: FloatRect) -> bool:
    return (
        one["x"] < other["x"] + other["width"]
        and other["x"] < one["x"] + one["width"]
        and one["y"] < other["y"] + other["height"]
        and other["y"] < one["y"] + one["height"]
    )


def test_the_theme_follows_in_every_tab(alice: Person, open_page: Opening) -> None:
    first = open_page(alice.url, alice, color_scheme="light")
    first.go("preferencias")
    second = Screen(first.context.new_page(), first.complaints)
    second.page.goto(f"{alice.url}/#/preferencias")
    expect(second.at("tema-sistema")).to_be_checked()
    first.at("tema-dark").check()
    expect(second.page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(second.at("tema-dark")).to_be_checked()
    second.at("tema-sistema").check()
    expect(first.page.locator("html[data-theme]")).to_have_count(0)


def fits(sum_: Locator) -> bool:
    """On one line, and within what holds it."""
    return bool(
        sum_.evaluate("""node => {
            const range = document.createRange();
            range.selectNodeContents(node);
            const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
            const text = range.getBoundingClientRect();
            const room = (node.closest(".total, .card, .month, .statement-head, .receipt, .confirm") ?? document.body)
                .getBoundingClientRect();
            return lines.size === 1 && text.left >= room.left && text.right <= room.right;
        }""")
    )


@pytest.mark.parametrize(("width", "billions"), [(1280, 1), (320, 4)])
def test_great_sums_fit(alice: Person, bob: Person, open_page: Opening, width: int, billions: int) -> None:
    for _ in range(billions):
        assert alice.deposit(BILLION).status_code == 201
    screen = open_page(alice.url, alice, viewport={"width": width, "height": 800})
    screen.wait_connected()
    expect(screen.at("saldo-total")).to_have_text(f"R$\u00a0{billions}.000.000.000,00")
    for name in ("saldo-total", f"conta-{alice.account}-saldo", "mes-entrou"):
        assert fits(screen.at(name)), name
    screen.at("extrato-linha").first.locator("a").click()
    expect(screen.at("comprovante-codigo")).to_be_visible()
    assert fits(screen.page.locator(".receipt-sum"))
    screen.go(f"extrato/{alice.account}")
    expect(screen.at("extrato-saldo")).to_have_text(f"R$\u00a0{billions}.000.000.000,00")
    assert fits(screen.at("extrato-saldo"))
    screen.go("operar/saque")
    screen.at("op-valor").fill("1000000000")
    screen.at("op-continuar").click()
    assert fits(screen.page.locator(".confirm-sum"))
    assert screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("options", [{}, telephone(390, 844), telephone(844, 390)], ids=["desk", "telephone", "side"])
def test_a_toast_never_covers_what_changed(
    alice: Person, bob: Person, open_page: Opening, options: dict[str, Any]
) -> None:
    assert bob.deposit("40.00").status_code == 201
    screen = open_page(alice.url, alice, **options)
    screen.wait_connected()
    for place, changed in (
        ("", ("saldo-total", f"conta-{alice.account}-saldo", "mes-entrou", "extrato-linha", "sino")),
        (f"extrato/{alice.account}", ("extrato-saldo", "extrato-linha", "sino")),
    ):
        screen.go(place)
        screen.at(changed[0]).wait_for()
        assert bob.transfer(alice, "20.00").status_code == 201
        toast = screen.at("aviso-toast").last
        expect(toast).to_contain_text("Bob Pereira")
        expect(screen.at("extrato-linha").first).to_contain_text("20,00")
        for name in changed:
            assert not overlap(box(toast), box(screen.at(name).first)), (place, name)
        toast.get_by_role("button", name="Dispensar").click()


@pytest.mark.parametrize("height", [860, 620])
def test_the_connection_never_covers_a_button(alice: Person, open_page: Opening, height: int) -> None:
    assert alice.deposit("10.00").status_code == 201
    screen = open_page(alice.url, alice, viewport={"width": 1280, "height": height})
    screen.wait_connected()
    for place, content in (
        ("", ".home .rows a"),
        ("operar/transferencia", "[data-testid=op-continuar]:enabled"),
        ("preferencias", "[data-testid=volume]"),
        (f"extrato/{alice.account}", "[data-testid=extrato] [data-testid=extrato-linha] a"),
    ):
        screen.go(place)
        screen.page.locator(content).wait_for()
        for top in range(0, 1200, 60):
            assert screen.page.evaluate(UNDER, [LINK_STATE, PRESSED, top]) == [], (place, top)


def test_without_a_line_it_goes_out_of_the_way(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice, viewport={"width": 390, "height": 700})
    screen.wait_connected()
    screen.go("operar/transferencia")
    expect(screen.at("op-continuar")).to_be_enabled()
    screen.context.set_offline(True)
    screen.at("desatualizado").wait_for()
    for top in range(0, 400, 40):
        assert screen.page.evaluate(UNDER, [LINK_STATE, PRESSED, top]) == [], top
