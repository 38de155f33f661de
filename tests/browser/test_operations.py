"""The four operations: typed, confirmed, done once, and proved by a receipt."""

import re
import zlib

from playwright.sync_api import Route, expect

from tests.browser.conftest import Opening, Screen, session_of
from tests.support.people import Person


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
        expect(screen.at("comprovante")).to_contain_text(f"R$\u00a0{after}")
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
    screen = open_page(alice.url, alice, service_workers="block")
    held: list[Route] = []
    screen.page.route("**/js/views/receipt.js", lambda route: held.append(route))
    screen.wait_connected()
    fill_in(screen, "saque", "1000")
    with screen.page.expect_response("**/saque"):
        screen.at("op-confirmar").click()
    screen.page.wait_for_url("**#/comprovante/**")
    expect(screen.at("op-confirmar")).to_be_disabled()
    screen.at("op-confirmar").click(force=True)
    for route in held:
        route.continue_()
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
    held[0].continue_()
    expect(screen.at("aviso-toast")).to_contain_text("Depósito de R$\u00a010,00")
    expect(screen.page).to_have_url(re.compile("#/preferencias$"))


def code_in(pdf: bytes) -> str:
    """The verification code that is printed on a receipt."""
    assert pdf.startswith(b"%PDF-")
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    texts = [zlib.decompressobj().decompress(stream) for stream in streams if stream.startswith(b"x")]
    found = re.search(rb"\b(?:[2-9A-HJ-NP-Z]{4}-){3}[2-9A-HJ-NP-Z]{4}\b", b"\n".join(texts))
    assert found, texts
    return found.group().decode()


def test_the_receipt_is_a_pdf_that_anybody_can_verify(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    fill_in(screen, "deposito", "12345")
    screen.at("op-confirmar").click()
    with screen.page.expect_download() as download:
        screen.at("comprovante-pdf").click()
    assert re.fullmatch(r"comprovante-\d+\.pdf", download.value.suggested_filename)
    code = code_in(download.value.path().read_bytes())

    stranger = open_page(f"{alice.url}/#/verificar")
    stranger.at("verificar-codigo").fill(code.lower())
    stranger.at("verificar-enviar").click()
    expect(stranger.at("verificar-resultado")).to_contain_text("R$\u00a0123,45")
    expect(stranger.at("verificar-resultado")).to_contain_text(re.compile(r"A\*+ S\*+"))
    expect(stranger.at("verificar-resultado")).not_to_contain_text("Alice")


def test_the_receipt_is_there_after_a_reload_and_from_the_statement(alice: Person, open_page: Opening) -> None:
    assert alice.pay("5.00").status_code == 422
    assert alice.deposit("20.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.at("extrato-linha").first.locator("a").click()
    expect(screen.at("comprovante")).to_contain_text("R$\u00a020,00")
    screen.page.reload()
    expect(screen.at("comprovante")).to_contain_text("R$\u00a020,00")


def test_the_receipt_can_be_copied(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("20.00").status_code == 201
    screen = open_page(alice.url, alice, permissions=["clipboard-read", "clipboard-write"])
    screen.wait_connected()
    screen.at("extrato-linha").first.locator("a").click()
    screen.at("comprovante-copiar").click()
    expect(screen.at("aviso-toast")).to_contain_text("copiado")
    assert "R$\u00a020,00" in screen.page.evaluate("navigator.clipboard.readText()")


def test_the_receipt_can_be_shared_and_printed(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("20.00").status_code == 201
    screen = open_page(alice.url)
    screen.page.add_init_script("""
        globalThis.done = [];
        navigator.share = async ({ text }) => { done.push(text); };
        globalThis.print = () => done.push("print");
    """)
    screen.page.evaluate("session => localStorage.setItem('saldo-vivo:sessao', session)", session_of(alice))
    screen.page.reload()
    screen.at("extrato-linha").first.locator("a").click()
    screen.at("comprovante-compartilhar").click()
    screen.at("comprovante-imprimir").click()
    shared, printed = screen.page.evaluate("done")
    assert "Operação: Depósito" in shared
    assert "R$\u00a020,00" in shared
    assert printed == "print"


def test_an_old_operation_has_its_receipt_too(alice: Person, open_page: Opening) -> None:
    """It is older than the rows that the page keeps: here it keeps none."""
    row = alice.deposit("20.00").json()["movimentacao"]
    address = f"{alice.url}/#/comprovante/{row['OperacaoID']}/{row['MovimentacaoID']}"
    screen = open_page("about:blank#", alice, service_workers="block")
    screen.page.route("**/movimentacoes?limite=100*", lambda route: route.fulfill(json=[]))
    screen.page.goto(address)
    expect(screen.at("comprovante")).to_contain_text("R$\u00a020,00")


def test_an_invented_code_is_not_a_receipt(alice: Person, open_page: Opening) -> None:
    screen = open_page(f"{alice.url}/#/verificar/")
    screen.at("verificar-codigo").fill("AAAA-BBBB-CCCC")
    screen.at("verificar-enviar").click()
    expect(screen.at("erro-codigo")).not_to_be_empty()
