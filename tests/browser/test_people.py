"""People on the screen: becoming contacts, paying one again, and picking where money goes."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Opening, Screen
from tests.support.people import Person


def test_two_people_become_contacts_and_part_without_a_reload(
    alice: Person, bob: Person, open_page: Opening, open_on_other_node: Callable[[Person, str], Screen]
) -> None:
    hers = open_page(alice.url, alice)
    his = open_on_other_node(bob, hers.wait_connected())
    for screen in (hers, his):
        screen.go("pessoas")
    hers.at("pessoas-adicionar").click()
    hers.at("pessoa-email").fill(bob.email)
    hers.at("pessoa-pedir").click()
    expect(hers.at("pedido-email")).to_contain_text(bob.email)
    expect(his.at("pedido")).to_contain_text("A**** S****")

    his.at("pedido-aceitar").click()

    expect(hers.at("pessoa")).to_contain_text("Bob Pereira")
    expect(his.at("pessoa")).to_contain_text("Alice Souza")
    expect(hers.at("pedido-email")).to_have_count(0)
    expect(his.page.get_by_role("heading", name="Pessoas", level=1)).to_be_focused()

    hers.at("pessoa").locator("a").click()
    expect(hers.at("pessoa-situacao")).to_have_text("Contato")
    hers.at("pessoa-bloquear").click()
    hers.at("pergunta-sim").click()
    expect(hers.at("pessoa-situacao")).to_have_text("Bloqueado")
    expect(his.at("pessoa")).to_contain_text("Não é um contato")


def test_the_last_transfer_is_repeated(alice: Person, bob: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    assert alice.transfer(bob, "12.50").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.go("pessoas")
    screen.at("pessoa").locator("a").click()
    expect(screen.at("pagina-pessoa").get_by_test_id("extrato-linha")).to_have_count(1)

    screen.at("pessoa-repetir").click()
    expect(screen.at("op-valor")).to_have_value("12,50")
    expect(screen.at("op-para")).to_have_value(str(bob.account))
    expect(screen.at("op-destino")).to_be_hidden()
    screen.at("op-continuar").click()
    expect(screen.at("op-titular")).to_have_text("Bob Pereira")
    expect(screen.at("op-primeira-vez")).to_be_hidden()
    screen.at("op-confirmar").click()
    screen.at("comprovante").wait_for()

    assert bob.balance() == 25.0
    screen.go(f"pessoas/{bob.id}")
    expect(screen.at("pagina-pessoa").get_by_test_id("extrato-linha")).to_have_count(2)


def test_a_first_payment_is_said_to_be_one(alice: Person, bob: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.go("operar/transferencia")
    screen.at("op-valor").press_sequentially("1000")
    screen.at("op-destino").fill(str(bob.account))
    screen.at("op-continuar").click()
    expect(screen.at("op-primeira-vez")).to_contain_text("Primeira vez que você paga esta pessoa")


def test_between_own_accounts_the_other_one_is_picked(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    reserve = alice.post("/correntistas", {"nome": "Reserva"}).json()["CorrentistaID"]
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.go("operar/transferencia")
    screen.at("op-valor").press_sequentially("4000")
    screen.at("op-para").select_option(str(reserve))
    expect(screen.at("op-destino")).to_be_hidden()
    screen.at("op-continuar").click()
    expect(screen.at("op-confirmacao")).to_contain_text(f"Reserva · conta {reserve}")
    screen.at("op-corrigir").click()
    expect(screen.at("op-para")).to_have_value(str(reserve))
    screen.at("op-continuar").click()
    screen.at("op-confirmar").click()
    screen.at("comprovante").wait_for()
    assert [each["Saldo"] for each in alice.get("/correntistas").json()] == [60.0, 40.0]
