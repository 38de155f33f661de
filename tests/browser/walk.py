"""A walk through every screen, with a stop at each state that is worth a look."""

from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import expect

from tests.browser.conftest import Screen
from tests.support.people import Person

LONG = "Uma descrição bem comprida que não cabe em uma linha só de um telefone"


@dataclass(frozen=True)
class Stop:
    name: str
    picture: str = ""
    """The name of its file; no picture is taken without one."""
    whole: bool = False
    """Whether the picture is of the page down to its end."""


def busy_month(alice: Person, bob: Person) -> None:
    """Something of everything."""
    assert bob.deposit("900.00").status_code == 201
    assert alice.deposit("4120.00").status_code == 201
    for value, description in (
        ("189.90", "Conta de luz"),
        ("64.35", "Padaria Santo Antônio"),
        ("312.08", "Mercado da praça"),
    ):
        assert alice.pay(value, description).status_code == 201
    assert alice.post("/correntistas", {"nome": "Reserva"}).status_code == 201
    reserve = alice.get("/correntistas").json()[1]["CorrentistaID"]
    body = {"correntista_id_origem": alice.account, "correntista_id_destino": reserve, "valor": "1500.00"}
    assert alice.post("/transferencia", {**body, "descricao": "Guardar"}).status_code == 201
    assert bob.transfer(alice, "75.50").status_code == 201
    assert alice.withdraw("100.00").status_code == 201


def great_sums(alice: Person) -> None:
    assert alice.deposit("987654321.12").status_code == 201
    assert alice.pay("123456789.01", LONG).status_code == 201


def outside(screen: Screen) -> Iterator[Stop]:
    screen.at("login-email").wait_for()
    yield Stop("login", "entrar")
    screen.at("login-alternar").click()
    screen.at("login-senha").fill("abc")
    screen.at("registro-enviar").click()
    yield Stop("register with errors")
    screen.at("login-senha").fill("violao-rio")
    screen.at("registro-enviar").click()
    yield Stop("register", "criar-conta")
    screen.go("verificar")
    screen.at("verificar-enviar").click()
    yield Stop("verify without a code")
    screen.at("verificar-codigo").fill("AAAA-BBBB-CCCC-DDDD")
    screen.at("verificar-enviar").click()
    screen.at("verificar-falso").wait_for()
    yield Stop("not genuine", "verificar")


def inside(screen: Screen, alice: Person, bob: Person) -> Iterator[Stop]:
    yield from at_home(screen, alice, bob)
    yield from transferring(screen, bob)
    yield from depositing(screen)
    yield from reading(screen, alice)
    yield from without_a_line(screen)
    screen.context.set_offline(False)
    screen.wait_connected()
    assert alice.post("/logout", {"todos": True}).status_code == 204
    expect(screen.at("login-aviso")).not_to_be_empty()
    yield Stop("ended")


def at_home(screen: Screen, alice: Person, bob: Person) -> Iterator[Stop]:
    screen.wait_connected()
    screen.page.locator(".u-wrap").wait_for()
    screen.at("extrato-linha").first.wait_for()
    yield Stop("home", "inicio", whole=True)
    assert bob.transfer(alice, "20.00").status_code == 201
    # It stays while it is pointed at.
    screen.at("aviso-toast").hover()
    yield Stop("something arrived", "aviso")
    screen.at("sino").click()
    screen.at("notificacao-item").first.wait_for()
    yield Stop("panel", "avisos")
    screen.page.keyboard.press("Escape")
    screen.at("conta-nova").click()
    screen.at("conta-nome").wait_for()
    yield Stop("new account")
    screen.page.keyboard.press("Escape")


def transferring(screen: Screen, bob: Person) -> Iterator[Stop]:
    screen.go("operar/transferencia")
    screen.at("op-continuar").click()
    yield Stop("operation with errors")
    screen.go("operar/saque")
    screen.at("form-saque").wait_for()
    screen.go("operar/transferencia")
    screen.at("op-valor").press_sequentially("4590")
    screen.at("op-destino").fill(str(bob.account))
    screen.at("op-descricao").fill("Almoço de domingo")
    yield Stop("operation", "operar")
    screen.at("op-continuar").click()
    screen.page.locator("[data-testid=op-confirmar]:enabled").wait_for()
    yield Stop("transfer to be confirmed", "confirmar")
    screen.at("op-confirmar").click()
    screen.at("comprovante-codigo").wait_for()
    yield Stop("receipt", "comprovante")
    screen.go("comprovante/999999999")
    screen.at("ausente").wait_for()
    yield Stop("no receipt", "comprovante-ausente")


def depositing(screen: Screen) -> Iterator[Stop]:
    screen.go("operar/deposito")
    screen.at("form-deposito").wait_for()
    screen.at("op-valor").fill("100")
    screen.at("op-continuar").click()
    screen.at("op-confirmacao").wait_for()
    yield Stop("deposit to be confirmed")
    screen.page.route("**/deposito", lambda route: route.abort(), times=1)
    screen.at("op-confirmar").click()
    screen.at("operacao-pendente").wait_for()
    yield Stop("lost answer")
    screen.at("op-confirmar").click()
    screen.at("comprovante").wait_for()
    yield Stop("receipt of what was in doubt")
    screen.at("comprovante-copiar").click()
    screen.at("aviso-toast").filter(has_text="Comprovante copiado").hover()
    yield Stop("toast")


def reading(screen: Screen, alice: Person) -> Iterator[Stop]:
    screen.go(f"extrato/{alice.account}")
    screen.at("extrato").get_by_test_id("extrato-linha").first.wait_for()
    yield Stop("statement", "extrato")
    screen.at("extrato-texto").fill("nada parecido")
    screen.page.get_by_text("Nenhuma movimentação").wait_for()
    yield Stop("empty statement")
    screen.go("avisos")
    screen.at("notificacao-item").first.wait_for()
    yield Stop("notices", "avisos-pagina")
    screen.go("preferencias")
    screen.at("volume").wait_for()
    yield Stop("preferences", "preferencias", whole=True)


def without_a_line(screen: Screen) -> Iterator[Stop]:
    screen.context.set_offline(True)
    screen.at("desatualizado").wait_for()
    yield Stop("preferences offline")
    screen.go("")
    screen.page.locator(".u-wrap").wait_for()
    yield Stop("home offline", "sem-conexao")
