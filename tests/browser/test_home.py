"""The first screen: every number is right, and changes by itself."""

from datetime import timedelta

from playwright.sync_api import expect

from app import clock
from app.db import Database
from tests.browser.conftest import Opening, Screen
from tests.browser.test_arrival import never_locks
from tests.integration.customers import Customer, write
from tests.integration.history import add_history
from tests.support.cluster import Cluster
from tests.support.people import Person

SHOWN = ("saldo-total", "mes-entrou", "mes-saiu", "grafico-resumo")


def shown(screen: Screen, account: int) -> list[str]:
    """Every number of the screen as text, once it stands still."""
    names = [*SHOWN, f"conta-{account}-saldo"]
    return [screen.at(name).inner_text() for name in names] + screen.at("extrato-linha").all_inner_texts()


def test_every_number_changes_by_itself_and_equals_a_fresh_fetch(
    alice: Person, bob: Person, open_page: Opening
) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    expect(screen.at("saldo-total")).to_have_text("R$\u00a00,00")
    assert bob.deposit("500.00").status_code == 201
    for answer in (
        alice.deposit("1000.00"),
        alice.withdraw("100.00"),
        alice.pay("49.90", "Conta de luz"),
        alice.transfer(bob, "200.00"),
        bob.transfer(alice, "12.34"),
    ):
        assert answer.status_code == 201, answer.text
    expect(screen.at("saldo-total")).to_have_text("R$\u00a0662,44")
    expect(screen.balance(alice.account)).to_have_text("R$\u00a0662,44")
    expect(screen.at("mes-entrou")).to_have_text("R$\u00a01.012,34")
    expect(screen.at("mes-saiu")).to_have_text("R$\u00a0349,90")
    expect(screen.at("grafico-resumo")).to_contain_text("a R$\u00a0662,44")
    expect(screen.at("extrato-linha")).to_have_count(5)

    alive = shown(screen, alice.account)
    screen.page.reload()
    screen.wait_connected()
    expect(screen.at("extrato-linha")).to_have_count(5)
    assert shown(screen, alice.account) == alive


def test_the_newest_movements_are_on_a_telephones_first_screen(alice: Person, open_page: Opening) -> None:
    for value in ("10.00", "20.00", "30.00"):
        assert alice.deposit(value).status_code == 201
    screen = open_page(alice.url, alice, viewport={"width": 390, "height": 844})
    screen.wait_connected()
    expect(screen.at("extrato-linha")).to_have_count(3)

    bar = screen.page.locator(".tabbar").bounding_box()
    newest = screen.at("extrato-linha").first.bounding_box()
    assert bar is not None
    assert newest is not None
    assert newest["y"] + newest["height"] <= bar["y"]
    assert screen.page.evaluate("scrollY") == 0


def test_money_between_own_accounts_neither_came_nor_went(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.at("conta-nova").click()
    screen.at("conta-nome").fill("Reserva")
    screen.at("conta-abrir").click()
    reserve = screen.page.locator("a.card", has_text="Reserva")
    expect(reserve).to_be_visible()
    number = int(str(reserve.get_attribute("data-testid")).removeprefix("conta-"))
    body = {"correntista_id_origem": alice.account, "correntista_id_destino": number, "valor": "30.00"}
    assert alice.post("/transferencia", body).status_code == 201
    expect(screen.balance(number)).to_have_text("R$\u00a030,00")
    expect(screen.at("saldo-total")).to_have_text("R$\u00a0100,00")
    expect(screen.at("mes-entrou")).to_have_text("R$\u00a0100,00")
    expect(screen.at("mes-saiu")).to_have_text("R$\u00a00,00")


def test_a_double_click_opens_one_account(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.at("conta-nova").click()
    screen.at("conta-nome").fill("Reserva")
    screen.at("conta-abrir").evaluate("button => { button.click(); button.click(); }")
    expect(screen.page.locator("a.card", has_text="Reserva")).to_be_visible()
    assert len(alice.get("/correntistas").json()) == 2


def test_the_movement_of_a_number_respects_who_wants_none(alice: Person, open_page: Opening) -> None:
    # Whether it sets out to move, not how many pictures of it the machine can draw.
    script = """
        globalThis.moves = [];
        new MutationObserver((records) => records.forEach(({ target }) => {
            if (target.dataset.testid === 'saldo-total' && target.dataset.moved) moves.push(target.dataset.moved);
        })).observe(document, { subtree: true, attributeFilter: ['data-moved'] });
    """
    moves = []
    for motion in ("reduce", "no-preference"):
        screen = open_page(alice.url, alice, reduced_motion=motion)
        screen.wait_connected()
        before = alice.balance()
        expect(screen.at("saldo-total")).to_have_text(money(before))
        screen.page.evaluate(script)
        assert alice.deposit("100.00").status_code == 201
        expect(screen.at("saldo-total")).to_have_text(money(before + 100))
        moves.append(screen.page.evaluate("moves"))
    assert moves == [[], ["up"]]


def money(reais: float) -> str:
    return f"R$\u00a0{reais:,.2f}".translate(str.maketrans(",.", ".,"))


def test_a_bank_that_was_away_for_the_first_load_is_asked_again(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("10.00").status_code == 201
    screen = open_page("about:blank#", alice)
    screen.page.route("**/correntistas", lambda route: route.fulfill(status=503, json={}), times=1)
    screen.page.goto(alice.url)
    screen.wait_connected()
    expect(screen.balance(alice.account)).to_have_text("R$\u00a010,00")


def test_another_day_is_called_by_its_name(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("10.00").status_code == 201
    never_locks(alice)
    screen = open_page(alice.url, alice, new=True)
    screen.page.clock.install()
    screen.page.reload()
    screen.wait_connected()
    month = screen.page.locator("#mes-titulo").inner_text()
    expect(screen.at("mes-entrou")).to_have_text("R$\u00a010,00")
    expect(screen.at("extrato-linha")).to_contain_text("Hoje")
    screen.page.clock.fast_forward(32 * 24 * 3600 * 1000)
    expect(screen.page.locator("#mes-titulo")).not_to_have_text(month)
    expect(screen.at("mes-entrou")).to_have_text("R$\u00a00,00")
    expect(screen.at("extrato-linha")).not_to_contain_text("Hoje")


def test_the_month_and_the_line_are_right_for_any_number_of_rows(
    cluster: Cluster, alice: Person, open_page: Opening
) -> None:
    db = Database(cluster.database())
    customer = Customer(db, alice.id, alice.account, alice.name)
    now = clock.now()
    earlier = now - timedelta(days=20)
    add_history(customer, 700, until=earlier, minutes_apart=0.001)
    add_history(customer, 1_200, until=now, minutes_apart=0.001)
    write(db, "UPDATE accounts SET created_at = :at WHERE id = :id", id=alice.account, at=now - timedelta(days=25))
    db.dispose()
    of_month = 1_200 + (700 if clock.day_of(earlier).month == clock.day_of(now).month else 0)
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    expect(screen.at("mes-entrou")).to_have_text(money(of_month))
    expect(screen.at("grafico-resumo")).to_contain_text(f"de {money(0)} a {money(1_900)}")
    assert alice.deposit("7.00").status_code == 201
    expect(screen.at("mes-entrou")).to_have_text(money(of_month + 7))
    screen.page.reload()
    expect(screen.at("mes-entrou")).to_have_text(money(of_month + 7))
