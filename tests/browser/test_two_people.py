"""A transfer, from one person's click to the other person's screen, on two nodes."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Opening, Screen
from tests.support.people import Person


def transfer(screen: Screen, *, digits: str, to_account: int, message: str) -> None:
    screen.at("op-transferencia").click()
    screen.at("op-valor").press_sequentially(digits)
    screen.at("op-destino").fill(str(to_account))
    screen.at("op-descricao").fill(message)
    screen.at("op-continuar").click()
    screen.at("op-confirmar").click()
    screen.at("comprovante").wait_for()


def test_a_transfer_reaches_the_other_persons_screen_without_a_reload(
    alice: Person, bob: Person, open_page: Opening, open_on_other_node: Callable[[Person, str], Screen]
) -> None:
    assert alice.deposit("1000.00").status_code == 201
    hers = open_page(alice.url, alice)
    his = open_on_other_node(bob, hers.wait_connected())
    expect(his.balance(bob.account)).to_have_text("R$\u00a00,00")
    expect(hers.balance(alice.account)).to_have_text("R$\u00a01.000,00")
    his.page.evaluate("globalThis.sameDocument = true")

    transfer(hers, digits="12345", to_account=bob.account, message="Almoço de domingo")

    expect(his.balance(bob.account)).to_have_text("R$\u00a0123,45")
    expect(his.at("saldo-total")).to_have_text("R$\u00a0123,45")
    expect(his.at("extrato-linha")).to_have_count(1)
    expect(his.at("extrato-linha")).to_contain_text("Almoço de domingo")
    expect(his.at("aviso-toast")).to_contain_text("Alice Souza")
    assert his.page.evaluate("globalThis.sameDocument") is True

    his.at("sino").click()
    expect(his.at("notificacao-item")).to_have_count(1)
    expect(his.at("notificacao-item")).to_contain_text("123,45")


def test_the_sender_sees_it_too(alice: Person, bob: Person, open_page: Opening) -> None:
    assert alice.deposit("50.00").status_code == 201
    hers = open_page(alice.url, alice)
    hers.wait_connected()
    transfer(hers, digits="5000", to_account=bob.account, message="")
    expect(hers.at("comprovante")).to_contain_text("R$\u00a050,00")
    hers.at("comprovante-inicio").click()
    expect(hers.balance(alice.account)).to_have_text("R$\u00a00,00")
    expect(hers.at("extrato-linha").first).to_contain_text("− R$\u00a050,00")
