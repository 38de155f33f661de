"""The receipt: on the screen, as text, on paper, as PDF; proved by a code, and never with a balance."""

import base64
import io
import re

import pypdf
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Opening, Screen, session_of
from tests.browser.test_operations import fill_in
from tests.support.people import Person

CODE = re.compile(r"(?:[2-9A-HJ-NP-Z]{4}-){3}[2-9A-HJ-NP-Z]{4}")
# What no receipt may say: what the sender has, before and after.
BEFORE, AFTER = "7.654,32", "7.631,98"

DRAWN = "() => [...document.querySelectorAll('.receipt-qr')].some((image) => image.complete && image.naturalWidth > 0)"


def paid(alice: Person, bob: Person) -> str:
    """Where the receipt of a transfer of 22,34 is."""
    assert alice.deposit("7654.32").status_code == 201
    row = alice.transfer(bob, "22.34").json()["movimentacao"]
    return f"comprovante/{row['OperacaoID']}/{row['MovimentacaoID']}"


def opened(screen: Screen) -> Locator:
    """The receipt, once its code is there."""
    expect(screen.at("comprovante-codigo")).to_have_text(CODE)
    return screen.at("comprovante")


def is_discreet(text: str) -> bool:
    assert "22,34" in text
    return not any(secret in text for secret in (BEFORE, AFTER))


def test_no_way_of_showing_a_receipt_shows_a_balance(alice: Person, bob: Person, open_page: Opening) -> None:
    place = paid(alice, bob)
    screen = open_page(alice.url)
    screen.page.add_init_script("""
        globalThis.done = [];
        navigator.share = async ({ text }) => { done.push(text); };
        navigator.clipboard.writeText = async (text) => { done.push(text); };
        globalThis.print = () => done.push("print");
    """)
    screen.page.evaluate("session => localStorage.setItem('saldo-vivo:sessao', session)", session_of(alice))
    screen.page.reload()
    screen.wait_connected()
    screen.go(place)
    assert is_discreet(opened(screen).inner_text())
    for name in ("copiar", "compartilhar", "imprimir"):
        screen.at(f"comprovante-{name}").click()
    copied, shared, printed = screen.page.evaluate("done")
    assert printed == "print"
    assert copied == shared
    assert is_discreet(copied)
    assert CODE.search(copied)
    assert "/#/verificar/" in copied
    with screen.page.expect_download() as download:
        screen.at("comprovante-pdf").click()
    assert is_discreet(text_of(download.value.path().read_bytes()))
    session = screen.context.new_cdp_session(screen.page)
    paper = base64.b64decode(session.send("Page.printToPDF")["data"])
    assert is_discreet(text_of(paper))


def text_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_the_receipt_is_a_pdf_that_anybody_can_verify(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    fill_in(screen, "deposito", "12345")
    screen.at("op-confirmar").click()
    opened(screen)
    code = screen.at("comprovante-codigo").inner_text()
    with screen.page.expect_download() as download:
        screen.at("comprovante-pdf").click()
    assert re.fullmatch(r"comprovante-\d+\.pdf", download.value.suggested_filename)
    assert code in text_of(download.value.path().read_bytes())

    stranger = open_page(f"{alice.url}/#/verificar")
    stranger.at("verificar-codigo").fill(code.lower())
    stranger.at("verificar-enviar").click()
    expect(stranger.at("verificar-resultado")).to_contain_text("Este comprovante é verdadeiro")
    expect(stranger.at("verificar-resultado")).to_contain_text("R$\u00a0123,45")
    expect(stranger.at("verificar-resultado")).to_contain_text(re.compile(r"A\*+ S\*+"))
    expect(stranger.at("verificar-resultado")).not_to_contain_text("Alice")


def test_the_code_is_there_as_a_picture(alice: Person, bob: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.go(paid(alice, bob))
    opened(screen)
    screen.page.wait_for_function(DRAWN)


def test_a_receipt_that_is_not_genuine_gets_a_plain_verdict(alice: Person, open_page: Opening) -> None:
    screen = open_page(f"{alice.url}/#/verificar/AAAA-BBBB-CCCC-DDDD")
    expect(screen.at("verificar-falso")).to_contain_text("Este comprovante não é verdadeiro")
    screen.at("verificar-codigo").fill("curto")
    screen.at("verificar-enviar").click()
    expect(screen.at("verificar-falso")).to_contain_text("código curto")


def test_a_line_that_fails_is_no_verdict(alice: Person, open_page: Opening) -> None:
    screen = open_page(f"{alice.url}/#/verificar")
    screen.page.route("**/verificar/*", lambda route: route.abort())
    screen.at("verificar-codigo").fill("AAAA-BBBB-CCCC-DDDD")
    screen.at("verificar-enviar").click()
    expect(screen.at("erro-codigo")).to_contain_text("Não houve resposta")
    expect(screen.at("verificar-falso")).to_have_count(0)


def test_a_receipt_that_is_not_mine_or_does_not_exist_says_so(alice: Person, bob: Person, open_page: Opening) -> None:
    operation = bob.deposit("10.00").json()["operacao_id"]
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.go(f"comprovante/{operation}")
    expect(screen.at("ausente")).to_contain_text("não é seu")
    expect(screen.at("comprovante-pdf")).to_have_count(0)
    for nothing in ("999999999", "abc"):
        screen.go(f"comprovante/{nothing}")
        expect(screen.at("ausente")).to_contain_text("não existe")


def test_without_a_network_a_receipt_waits_for_its_code(alice: Person, bob: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice, service_workers="allow")
    screen.wait_connected()
    assert bob.deposit("30.00").status_code == 201
    assert bob.transfer(alice, "22.34").status_code == 201
    expect(screen.at("extrato-linha")).to_have_count(1)
    screen.page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    screen.page.evaluate(
        "import(document.querySelector('script[type=module]').src.replace('main.js', 'views/receipt.js'))"
    )
    screen.context.set_offline(True)
    screen.at("extrato-linha").first.locator("a").click()
    expect(screen.at("comprovante")).to_contain_text("quando houver conexão")
    expect(screen.at("comprovante")).to_contain_text("Bob Pereira")
    screen.context.set_offline(False)
    opened(screen)


def test_the_receipt_is_there_after_a_reload_and_from_the_statement(alice: Person, open_page: Opening) -> None:
    assert alice.pay("5.00").status_code == 422
    assert alice.deposit("20.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.at("extrato-linha").first.locator("a").click()
    expect(screen.at("comprovante")).to_contain_text("R$\u00a020,00")
    screen.page.reload()
    expect(screen.at("comprovante")).to_contain_text("R$\u00a020,00")


def test_an_old_operation_has_its_receipt_too(alice: Person, open_page: Opening) -> None:
    """It is older than the rows that the page keeps: here it keeps none."""
    row = alice.deposit("20.00").json()["movimentacao"]
    address = f"{alice.url}/#/comprovante/{row['OperacaoID']}/{row['MovimentacaoID']}"
    screen = open_page("about:blank#", alice)
    screen.page.route("**/movimentacoes?limite=100*", lambda route: route.fulfill(json=[]))
    screen.page.goto(address)
    expect(screen.at("comprovante")).to_contain_text("R$\u00a020,00")
