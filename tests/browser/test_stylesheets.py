"""Each screen brings its own stylesheets: all that it needs, in time, and nothing that another screen would feel."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Route, expect

from app import clock
from app.web.pages import STATIC
from tests.browser.conftest import Opening, Screen
from tests.support.people import Person

# What changes in what is seen when all that the other screens would have brought is there too.
CHANGED_BY = r"""
    async (names) => {
        const nodes = [...document.body.querySelectorAll("*")].filter((node) => {
            const { width, height } = node.getBoundingClientRect();
            return width * height > 0;
        });
        const properties = [...getComputedStyle(document.body)];
        const looks = () => nodes.flatMap((node) => ["", "::before", "::after"].map((part) => {
            const style = getComputedStyle(node, part);
            const drawn = !part || style.content !== "none";
            return drawn ? properties.map((name) => `${name}: ${style.getPropertyValue(name)}`).join("\n") : "";
        }));
        const before = looks();
        const folder = document.querySelector("link[href*='/css/base.css']").href.replace("base.css", "");
        const missing = names.filter((name) => !document.querySelector(`link[href$="/css/${name}.css"]`));
        await Promise.all(missing.map((name) => new Promise((loaded, failed) => {
            const link = { rel: "stylesheet", href: `${folder}${name}.css`, onload: loaded, onerror: failed };
            document.head.append(Object.assign(document.createElement("link"), link));
        })));
        return looks().flatMap((style, index) => {
            if (style === before[index]) return [];
            const { tagName, className } = nodes[Math.floor(index / 3)];
            const was = new Set(before[index].split("\n"));
            const changed = style.split("\n").filter((each) => !was.has(each));
            return changed.map((each) => `${tagName} ${className} ${each}`);
        });
    }
"""
STYLESHEETS = sorted({path.stem for path in (STATIC / "css").glob("*.css")} - {"docs"})
SIZES = {"telephone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 860}}


def test_a_screen_is_not_shown_before_it_looks_as_it_should(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    held: list[Route] = []
    screen.page.route("**/css/preferences.css", lambda route: held.append(route))
    # All of the screen is here but that.
    screen.page.evaluate(
        "() => import(document.querySelector('script[type=module]').src.replace('main', 'views/preferences'))"
    )
    screen.go("preferencias")
    screen.until(lambda: held, "the question for the stylesheet")
    expect(screen.page.get_by_role("heading", level=1)).to_have_text("Início")
    held[0].continue_()
    expect(screen.at("tema-dark")).to_be_visible()
    gap = "getComputedStyle(document.querySelector('.preferences')).display"
    assert screen.page.evaluate(gap) == "grid"


def places_outside(code: str) -> dict[str, list[str]]:
    return {"": ["login-email", "login-esqueci", "recuperar"], f"verificar/{code}": ["verificar-resultado"]}


def places_inside(alice: Person, bob: Person, operation: int, code: str) -> dict[str, list[str]]:
    """Every screen: what is seen once it is there and, for some, what is pressed then and what comes of it."""
    due = {"tipo": "pagamento", "correntista_id": alice.account, "valor": "900.00", "descricao": "Aluguel"}
    day = clock.day_of(clock.now()) + timedelta(days=3)
    schedule = alice.post("/agendamentos", {**due, "data": day.isoformat()}).json()["id"]
    return {
        "": ["extrato-linha", "sino", "notificacao-item"],
        "operar/transferencia": ["form-transferencia"],
        "operar/pagamento/agendar": ["form-pagamento"],
        f"extrato/{alice.account}": ["extrato-linha"],
        f"comprovante/{operation}": ["comprovante-codigo"],
        "conversas": [f"conversa-{bob.id}"],
        f"conversas/{bob.id}": ["cartao-transferencia", "conversa-cobrar", "cobrar-enviar"],
        "pessoas": ["pessoa", "pessoas-adicionar", "pessoa-email"],
        f"pessoas/{bob.id}": ["cartao-transferencia"],
        "agenda": ["agenda-linha"],
        f"agenda/{schedule}": ["form-agendamento"],
        "avisos": ["notificacao-item"],
        "preferencias": ["volume"],
        "seguranca": ["sessao", "segundo-fator-ativar", "ativar-senha"],
        f"verificar/{code}": ["verificar-resultado"],
    }


def see(screen: Screen, url: str, content: str, *press_and_content: str) -> None:
    """In a page that opens anew, so that nothing is here from any other screen."""
    screen.page.goto("about:blank")
    screen.page.goto(url)
    screen.at(content).first.wait_for()
    if press_and_content:
        press, more = press_and_content
        screen.at(press).click()
        screen.at(more).first.wait_for()
    screen.page.wait_for_load_state("networkidle")
    # The preferences say after some seconds whether this browser can be told with the page closed.
    expect(screen.page.locator("[data-estado=desconhecido]")).to_have_count(0)


@pytest.mark.parametrize("size", SIZES)
def test_a_screen_looks_the_same_whatever_was_open_before_it(
    alice: Person, bob: Person, befriend: Callable[[Person, Person], None], open_page: Opening, size: str
) -> None:
    befriend(alice, bob)
    assert alice.deposit("50.00").status_code == 201
    operation = alice.transfer(bob, "5.00").json()["operacao_id"]
    code = alice.get(f"/comprovante/{operation}").json()["codigo"]
    outside, inside = places_outside(code), places_inside(alice, bob, operation, code)
    for person, places in ((None, outside), (alice, inside)):
        screen = open_page("about:blank#", person, viewport=SIZES[size])
        for place, (content, *more) in places.items():
            see(screen, f"{alice.url}/#/{place}", content)
            assert screen.page.evaluate(CHANGED_BY, STYLESHEETS) == [], place
            if more:
                see(screen, f"{alice.url}/#/{place}", content, *more)
                assert screen.page.evaluate(CHANGED_BY, STYLESHEETS) == [], (place, more)
