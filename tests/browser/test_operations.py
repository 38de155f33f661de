"""The four operations: typed, confirmed, done once, and proved by a receipt."""

import re

from playwright.sync_api import Route, expect

from tests.browser.conftest import Opening, Screen
from tests.support.people import Person

OPERATIONS = {"deposito": "Depósito", "saque": "Saque", "pagamento": "Conta de água", "transferencia": "Café"}


def fill_in(screen: Screen, kind: str, digits: str, **fields: str) -> None:
    screen.go(f"operar/{kind}")
    screen.at(f"form-{kind}").wait_for()
    screen.at("op-valor").press_sequentially(digits)
    for name, value in fields.items():
        screen.at(f"op-{name}").fill(value)
    screen.at("op-continuar").click()


def test_each_operation_asks_to_confirm_and_ends_with_its_receipt(
    alice: Person, bob: Person, open_page: Opening
) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    cases: list[tuple[str, str, dict[str, str], str]] = [
        ("deposito", "50000", {}, "500,00"),
        ("saque", "1000", {}, "490,00"),
        ("pagamento", "4050", {"descricao": "Conta de água"}, "449,50"),
        ("transferencia", "950", {"destino": str(bob.account), "descricao": "Café"}, "440,00"),
    ]
    for kind, digits, fields, after in cases:
        fill_in(screen, kind, digits, **fields)
        expect(screen.at("op-confirmacao")).to_contain_text(f"R$\u00a0{after}")
        screen.at("op-confirmar").click()
        expect(screen.at("comprovante")).to_contain_text(OPERATIONS[kind])
    assert alice.balance() == 440.0
    assert bob.balance() == 9.5


def test_a_transfer_shows_the_masked_name_before_it_is_confirmed(
    alice: Person, bob: Person, open_page: Opening
) -> None:
    assert alice.deposit("10.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    fill_in(screen, "transferencia", "500", destino=str(bob.account))
    expect(screen.at("op-titular")).to_have_text(re.compile(r"^B\*+ P\*+$"))
    assert bob.balance() == 0.0


def test_what_cannot_be_is_said_beside_its_field(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("10.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    fill_in(screen, "saque", "1001")
    expect(screen.at("erro-valor")).to_contain_text("R$\u00a010,00")
    fill_in(screen, "pagamento", "100")
    expect(screen.at("erro-descricao")).not_to_be_empty()
    fill_in(screen, "transferencia", "100", destino="999999999")
    expect(screen.at("erro-destino")).to_contain_text("não encontrada")


def test_a_refusal_of_the_bank_returns_to_the_form(alice: Person, open_page: Opening) -> None:
    """Between the confirmation and the click the balance went elsewhere."""
    assert alice.deposit("10.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    fill_in(screen, "saque", "1000")
    assert alice.withdraw("5.00").status_code == 201
    screen.at("op-confirmar").click()
    expect(screen.at("erro-valor")).to_contain_text("Saldo insuficiente")
    expect(screen.at("operacao-pendente")).to_be_hidden()


def test_a_double_click_pays_once(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    fill_in(screen, "pagamento", "1000", descricao="Luz")
    screen.at("op-confirmar").dblclick()
    screen.at("comprovante").wait_for()
    assert alice.balance() == 90.0


def lose_one_answer(screen: Screen, path: str) -> None:
    """The bank does it, and the answer is lost on the way."""

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    screen.page.route(f"**{path}", lose, times=1)


def test_a_lost_answer_never_pays_twice(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    fill_in(screen, "saque", "1000")
    lose_one_answer(screen, "/saque")
    screen.at("op-confirmar").click()
    expect(screen.at("op-aviso")).to_contain_text("Não sabemos")
    screen.at("op-confirmar").click()
    screen.at("comprovante").wait_for()
    assert alice.balance() == 90.0
    expect(screen.at("operacao-pendente")).to_be_hidden()


def test_a_reload_in_the_middle_never_pays_twice(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    fill_in(screen, "saque", "1000")
    lose_one_answer(screen, "/saque")
    screen.at("op-confirmar").click()
    expect(screen.at("op-aviso")).to_contain_text("Não sabemos")
    screen.page.reload()
    screen.wait_connected()
    expect(screen.at("operacao-pendente")).to_contain_text("Saque de R$\u00a010,00")
    screen.at("pendente-concluir").click()
    screen.at("comprovante").wait_for()
    assert alice.balance() == 90.0
    expect(screen.at("operacao-pendente")).to_be_hidden()


def test_a_click_after_the_answer_pays_nothing_more(alice: Person, open_page: Opening) -> None:
    """The receipt's part of the page is slow, so that the button is still there when the answer is."""
    assert alice.deposit("100.00").status_code == 201
    screen = open_page(alice.url, alice)
    held: list[Route] = []
    screen.page.route("**/js/views/receipt.js", lambda route: held.append(route))
    screen.wait_connected()
    fill_in(screen, "saque", "1000")
    with screen.page.expect_response("**/saque"):
        screen.at("op-confirmar").click()
    screen.page.wait_for_url("**#/comprovante/**")
    expect(screen.at("op-confirmar")).to_be_disabled()
    screen.at("op-confirmar").click(force=True)
    screen.until(lambda: held, "the request for the receipt's part")
    held[0].continue_()
    screen.at("comprovante").wait_for()
    assert alice.balance() == 90.0


def test_while_one_has_no_answer_no_other_is_sent(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    fill_in(screen, "saque", "1000")
    lose_one_answer(screen, "/saque")
    screen.at("op-confirmar").click()
    expect(screen.at("op-aviso")).to_contain_text("Não sabemos")
    expect(screen.at("op-confirmar")).to_be_focused()
    screen.at("op-corrigir").click()
    screen.at("op-valor").fill("20,00")
    screen.at("op-continuar").click()
    screen.at("op-confirmar").click()
    expect(screen.at("op-aviso")).to_contain_text("Antes, resolva")
    expect(screen.at("operacao-pendente")).to_contain_text("Saque de R$\u00a010,00")
    assert alice.balance() == 90.0
    screen.at("pendente-esquecer").click()
    expect(screen.at("operacao-pendente")).to_be_hidden()
    screen.at("op-confirmar").click()
    screen.at("comprovante").wait_for()
    assert alice.balance() == 70.0


def test_a_closed_tab_never_pays_twice(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    fill_in(screen, "saque", "1000")
    lose_one_answer(screen, "/saque")
    screen.at("op-confirmar").click()
    expect(screen.at("op-aviso")).to_contain_text("Não sabemos")
    tab = Screen(screen.context.new_page(), screen.complaints)
    screen.page.close()
    tab.page.goto(alice.url)
    tab.at("pendente-concluir").click()
    tab.at("comprovante").wait_for()
    assert alice.balance() == 90.0


def test_a_late_answer_pulls_nobody_off_another_screen(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    held: list[Route] = []
    screen.page.route("**/deposito", lambda route: held.append(route))
    fill_in(screen, "deposito", "1000")
    screen.at("op-confirmar").click()
    expect(screen.at("op-confirmar")).to_be_disabled()
    screen.go("preferencias")
    screen.at("volume").wait_for()
    screen.until(lambda: held, "the deposit on its way")
    held[0].continue_()
    expect(screen.at("aviso-toast")).to_contain_text("Depósito de R$\u00a010,00")
    expect(screen.page).to_have_url(re.compile("#/preferencias$"))
