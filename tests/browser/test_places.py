"""Work survives: going back, a reload and the end of a session find what was left, for the same person only."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Opening, Screen
from tests.browser.test_arrival import log_in
from tests.browser.test_operations import fill_in, lose_one_answer
from tests.browser.test_statement import scroll_to_the_end
from tests.support.people import Person, in_parallel

MANY = 90


def scrolled(screen: Screen) -> int:
    return int(screen.page.evaluate("Math.round(scrollY)"))


def test_back_from_a_receipt_finds_filters_and_place(alice: Person, open_page: Opening) -> None:
    assert {a.status_code for a in in_parallel([lambda: alice.deposit("1.50")] * MANY, 4)} == {201}
    assert alice.pay("1.00", "Padaria").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.go("extrato")
    rows = screen.at("extrato-linha")
    screen.at("extrato-tipo").select_option("credito")
    screen.at("extrato-periodo").select_option("30")
    scroll_to_the_end(screen)
    expect(rows).to_have_count(MANY)
    rows.nth(70).scroll_into_view_if_needed()
    place = scrolled(screen)
    assert place > 1000
    rows.nth(70).locator("a").click()
    screen.at("comprovante").wait_for()
    assert scrolled(screen) == 0
    screen.page.go_back()
    expect(screen.at("extrato-tipo")).to_have_value("credito")
    expect(screen.at("extrato-periodo")).to_have_value("30")
    screen.page.wait_for_function("place => Math.abs(scrollY - place) < 60", arg=place)
    expect(rows).to_have_count(MANY)
    screen.page.reload()
    expect(screen.at("extrato-tipo")).to_have_value("credito")
    screen.page.wait_for_function("place => Math.abs(scrollY - place) < 60", arg=place)
    screen.go("preferencias")
    screen.at("volume").wait_for()
    screen.go("extrato")
    expect(screen.at("extrato-tipo")).to_have_value("")


def fill(screen: Screen, bob: Person) -> None:
    screen.go("operar/transferencia")
    screen.at("op-valor").press_sequentially("1234")
    screen.at("op-destino").fill(str(bob.account))
    screen.at("op-descricao").fill("Almoço")


def is_filled(screen: Screen, bob: Person) -> None:
    expect(screen.at("op-valor")).to_have_value("12,34")
    expect(screen.at("op-destino")).to_have_value(str(bob.account))
    expect(screen.at("op-descricao")).to_have_value("Almoço")


def test_back_from_the_confirmation_finds_the_filled_form(alice: Person, bob: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    fill(screen, bob)
    screen.at("op-continuar").click()
    expect(screen.at("op-titular")).to_have_text(re.compile("^B"))
    screen.page.go_back()
    is_filled(screen, bob)
    screen.page.go_forward()
    expect(screen.at("op-confirmacao")).to_contain_text("12,34")
    screen.page.reload()
    expect(screen.at("op-confirmacao")).to_contain_text("Almoço")
    screen.at("op-corrigir").click()
    is_filled(screen, bob)
    expect(screen.at("op-valor")).to_be_focused()
    screen.at("op-continuar").click()
    screen.at("op-confirmar").click()
    screen.at("comprovante").wait_for()


def test_what_was_done_is_not_there_to_be_sent_again(alice: Person, bob: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    fill(screen, bob)
    screen.at("op-continuar").click()
    screen.at("op-confirmar").click()
    screen.at("comprovante").wait_for()
    screen.page.go_back()
    expect(screen.at("op-valor")).to_have_value("")
    expect(screen.at("op-confirmacao")).to_have_count(0)
    assert bob.balance() == 12.34


def test_what_the_banner_resolved_is_not_there_to_be_sent_again(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    fill_in(screen, "saque", "1000")
    lose_one_answer(screen, "/saque")
    screen.at("op-confirmar").click()
    expect(screen.at("op-aviso")).to_contain_text("Não sabemos")
    screen.page.reload()
    screen.at("pendente-concluir").click()
    screen.at("comprovante").wait_for()
    screen.page.go_back()
    expect(screen.at("op-valor")).to_have_value("")
    assert alice.balance() == 90.0


def test_an_ended_session_finds_the_form_after_login_and_nobody_else_does(
    alice: Person, bob: Person, open_page: Opening
) -> None:
    assert alice.deposit("100.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    fill(screen, bob)
    assert alice.post("/logout", {"todos": True}).status_code == 204
    expect(screen.at("login-aviso")).not_to_be_empty()
    log_in(screen, alice)
    is_filled(screen, bob)
    screen.at("op-continuar").click()
    screen.at("op-confirmacao").wait_for()
    token = screen.page.evaluate("JSON.parse(localStorage.getItem('saldo-vivo:sessao')).token")
    headers = {"Authorization": f"Bearer {token}"}
    assert screen.page.request.post(f"{alice.url}/logout", data={"todos": True}, headers=headers).status == 204
    expect(screen.at("login-aviso")).not_to_be_empty()
    log_in(screen, bob)
    expect(screen.page.get_by_text("Olá, Bob")).to_be_visible()
    for _ in range(2):
        screen.page.go_back()
        screen.page.wait_for_load_state()
        expect(screen.page.get_by_text("Almoço")).to_have_count(0)
    screen.go("operar/transferencia")
    expect(screen.at("op-valor")).to_have_value("")


def test_the_balance_afterwards_follows_while_confirming(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.go("operar/saque")
    screen.at("op-valor").press_sequentially("1000")
    screen.at("op-continuar").click()
    expect(screen.at("op-saldo-depois")).to_have_text("R$\u00a090,00")
    assert alice.deposit("5.00").status_code == 201
    expect(screen.at("op-saldo-depois")).to_have_text("R$\u00a095,00")
    assert alice.withdraw("100.00").status_code == 201
    expect(screen.at("op-saldo-depois")).to_have_text("-R$\u00a05,00")


def test_an_account_that_is_not_mine_says_so(alice: Person, bob: Person, open_page: Opening) -> None:
    screen = open_page(f"{alice.url}/#/extrato/{bob.account}", alice)
    expect(screen.at("ausente")).to_contain_text("não é sua")
    expect(screen.at("extrato-saldo")).to_have_count(0)
    screen.go(f"operar/saque/{bob.account}")
    expect(screen.page.locator("#conta-erro")).to_contain_text("não é sua")


def test_after_a_login_the_focus_is_on_what_the_page_is(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url)
    log_in(screen, alice)
    expect(screen.page.get_by_role("heading", level=1)).to_be_focused()
