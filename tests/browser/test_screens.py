"""Every screen, on a telephone and on a desk, in light and in dark: for everybody, within its width, with a picture."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from tests.browser import walk
from tests.browser.conftest import Opening, Screen
from tests.browser.walk import Stop
from tests.support.people import Person

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Nothing is fetched ahead: that is for audio and experimental rules, and makes styles that the page's policy refuses.
RUN_AXE = "async (rules) => axe.run(document, { runOnly: rules, preload: false })"
SCHEMES: dict[Literal["dark", "light"], dict[str, Any]] = {
    # What can be right in one scheme and wrong in the other.
    "dark": {"type": "rule", "values": ["color-contrast"]},
    "light": {"type": "tag", "values": AXE_RULES},
}
# In the frame after the first at this width: the chart follows its box when the first was laid out.
OVER = """
    async () => {
        for (let frame = 0; frame < 2; frame += 1) await new Promise((drawn) => requestAnimationFrame(drawn));
        return document.documentElement.scrollWidth - document.documentElement.clientWidth;
    }
"""
PICTURES = Path(__file__).parent / "screenshots"
TELEPHONE, DESK = 390, 1280
HEIGHTS = {TELEPHONE: 844, DESK: 860}
# What else the same layout must bear.
OTHER_WIDTHS = {TELEPHONE: [320], DESK: [768, 2560]}


def violations(page: Page, rules: dict[str, Any]) -> list[str]:
    """What axe finds wrong, one line for each element."""
    result: dict[str, Any] = page.evaluate(RUN_AXE, rules)
    return [
        f"{found['id']}: {node['target']} {node['failureSummary']}"
        for found in result["violations"]
        for node in found["nodes"]
    ]


def sticks_out(page: Page, widths: list[int], height: int) -> list[str]:
    """By how much the page is wider than its window, for each width; the first is the window's own again after it."""
    found = []
    for width in [*widths[1:], widths[0]]:
        page.set_viewport_size({"width": width, "height": height})
        over = page.evaluate(OVER)
        if over > 0:
            found.append(f"{over} px wider than {width}")
    return found


def take_picture(screen: Screen, stop: Stop, suffix: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    path = PICTURES / f"{stop.picture}-{suffix}.png"
    screen.page.screenshot(path=path, full_page=stop.whole, animations="disabled")
    assert path.stat().st_size > 0


@pytest.mark.parametrize("width", [TELEPHONE, DESK])
def test_every_screen_is_for_everybody_fits_its_width_and_has_its_pictures(
    alice: Person, bob: Person, befriend: Callable[[Person, Person], None], open_page: Opening, width: int
) -> None:
    telephone = {"is_mobile": width == TELEPHONE, "has_touch": width == TELEPHONE}
    options = {"color_scheme": "light", "viewport": {"width": width, "height": HEIGHTS[width]}, **telephone}
    befriend(alice, bob)
    walk.busy_month(alice, bob)
    walk.great_sums(alice)
    arrival, home = open_page("about:blank#", **options), open_page("about:blank#", alice, **options)
    wrong: dict[str, list[str]] = {}
    for screen, stops in ((arrival, walk.outside(arrival)), (home, walk.inside(home, alice, bob))):
        page = screen.page
        page.add_init_script(path=AXE)
        page.goto(alice.url)
        for stop in stops:
            wrong[stop.name] = sticks_out(page, [width, *OTHER_WIDTHS[width]], HEIGHTS[width])
            for scheme, rules in SCHEMES.items():
                page.emulate_media(color_scheme=scheme)
                if stop.picture:
                    take_picture(screen, stop, f"{width}-{scheme}")
                wrong[stop.name] += violations(page, rules)
    assert {name: found for name, found in wrong.items() if found} == {}
