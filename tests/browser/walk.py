"""A walk through every screen, with a stop at each state that is worth a look."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pyotp
from playwright.sync_api import expect

from app import clock
from tests.browser.conftest import Screen
from tests.support.people import PASSWORD, Person

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
    screen.at("login-alternar").click()
    screen.at("login-esqueci").click()
    screen.at("recuperar-enviar").click()
    yield Stop("a forgotten password with errors")
    screen.at("recuperar-tenho").click()
    screen.at("redefinir-enviar").click()
    yield Stop("a new password with errors", "redefinir")
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
    yield from knowing(screen, alice, bob)
    yield from depositing(screen)
    yield from planning(screen, alice)
    yield from reading(screen, alice)
    yield from chatting(screen, alice, bob)
    yield from securing(screen)
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
    # The first field that is wrong has the focus, and what stands above it may be half under the bar.
    screen.page.evaluate("scrollTo(0, 0)")
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


def knowing(screen: Screen, alice: Person, bob: Person) -> Iterator[Stop]:
    asking, asked, stranger = (Person(alice.url, name) for name in ("Carla Nunes", "Davi Rocha", "Eva Prado"))
    for one, other in ((alice, asked), (asking, alice), (alice, bob)):
        assert one.post("/contatos", {"email": other.email}).status_code == 202
    assert asked.post(f"/contatos/{alice.id}/aceitar", {}).status_code == 204
    assert bob.transfer(alice, "1.00").status_code == 201
    assert alice.transfer(stranger, "35.00").status_code == 201
    assert alice.put(f"/contatos/{asked.id}", {"favorito": True}).status_code == 200
    assert alice.post(f"/contatos/{stranger.id}/bloquear", {}).status_code == 204
    screen.go("pessoas")
    screen.at("pedido").wait_for()
    screen.at("pessoa").nth(2).wait_for()
    yield Stop("people", "pessoas", whole=True)
    screen.at("pessoas-adicionar").click()
    screen.at("pessoa-pedir").click()
    yield Stop("adding a person", "adicionar-pessoa")
    screen.page.keyboard.press("Escape")
    screen.go(f"pessoas/{bob.id}")
    screen.at("pagina-pessoa").get_by_test_id("extrato-linha").first.wait_for()
    yield Stop("person", "pessoa", whole=True)
    screen.at("pessoa-bloquear").click()
    screen.at("pergunta-sim").wait_for()
    yield Stop("sure to block")
    screen.page.keyboard.press("Escape")
    screen.at("pessoa-repetir").click()
    screen.at("op-para").wait_for()
    yield Stop("transfer to somebody who was picked", "para-uma-pessoa")
    screen.go("pessoas/999999999")
    screen.at("ausente").wait_for()
    yield Stop("no such person")


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


def planning(screen: Screen, alice: Person) -> Iterator[Stop]:
    """Something that can be paid, and something that cannot, on the next days on which banks work."""
    today = clock.day_of(clock.now())
    for days, value, description in ((1, "120.00", "Academia"), (2, "990000000.00", LONG)):
        due = {"tipo": "pagamento", "correntista_id": alice.account, "valor": value, "descricao": description}
        planned = {**due, "data": (today + timedelta(days=days)).isoformat(), "recorrencia": "mensal"}
        assert alice.post("/agendamentos", planned).status_code == 201
    screen.go("agenda")
    expect(screen.at("agenda-linha")).to_have_count(2)
    expect(screen.at("agenda-sem-fundos")).to_contain_text("Vai faltar saldo")
    if today.month != (today + timedelta(days=1)).month:
        screen.at("agenda-depois").click()
    screen.at("agenda-dia-marcado").first.click()
    yield Stop("agenda", "agenda", whole=True)
    screen.at("agenda-linha").last.locator("a").click()
    screen.at("form-agendamento").wait_for()
    yield Stop("one schedule", "agendamento", whole=True)
    screen.at("agenda-cancelar").click()
    screen.at("agenda-cancelar-sim").wait_for()
    yield Stop("cancelling a schedule")
    screen.page.keyboard.press("Escape")
    screen.go("operar/pagamento/agendar")
    screen.at("form-pagamento").wait_for()
    screen.at("op-valor").fill("990000000")
    screen.at("op-descricao").fill("Carro")
    yield Stop("a day to come", "agendar", whole=True)
    screen.at("op-continuar").click()
    expect(screen.at("op-sem-fundos")).to_contain_text("faltar")
    yield Stop("a day to come, to be confirmed")


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


def chatting(screen: Screen, alice: Person, bob: Person) -> Iterator[Stop]:
    screen.go("conversas")
    screen.at(f"conversa-{bob.id}").wait_for()
    yield Stop("conversations", "conversas")
    for number, text in enumerate(("Oi! Chegou o que eu enviei? 😊", "O endereço é https://exemplo.com/festa")):
        said = bob.post(f"/conversas/{alice.id}/mensagens", {"texto": text, "id_cliente": f"m{number}"})
        assert said.status_code == 201
    asked = {"usuario_id": alice.id, "correntista_id": bob.account, "valor": "45.90", "descricao": "Metade do almoço"}
    assert bob.post("/cobrancas", {**asked, "id_cliente": "c0"}).status_code == 201
    screen.go(f"conversas/{bob.id}")
    screen.at("mensagem-texto").fill("Chegou, sim. Obrigada!")
    screen.at("mensagem-enviar").click()
    expect(screen.at("tique").last).to_have_attribute("data-tick", "enviada")
    yield Stop("conversation", "conversa")
    screen.at("mensagem-opcoes").last.click()
    screen.at("opcao-apagar").wait_for()
    yield Stop("what can be done with a message")
    screen.page.keyboard.press("Escape")
    screen.at("conversa-cobrar").click()
    screen.at("cobrar-enviar").click()
    yield Stop("asking for money with errors", "cobrar")
    screen.page.keyboard.press("Escape")
    screen.go("conversas/999999999")
    screen.at("ausente").wait_for()
    yield Stop("a stranger's conversation")


def securing(screen: Screen) -> Iterator[Stop]:
    screen.go("seguranca")
    screen.at("sessao").wait_for()
    screen.at("segundo-fator-ativar").wait_for()
    screen.at("trocar-senha-enviar").click()
    screen.page.evaluate("scrollTo(0, 0)")
    yield Stop("security with errors", "seguranca", whole=True)
    screen.at("segundo-fator-ativar").click()
    screen.at("ativar-senha").fill(PASSWORD)
    screen.at("ativar-enviar").click()
    secret = screen.at("segundo-fator-segredo").inner_text().replace(" ", "")
    yield Stop("a secret for the app of codes", "segundo-fator", whole=True)
    screen.at("ativar-codigo").fill(pyotp.TOTP(secret).now())
    screen.at("confirmar-ativacao-enviar").click()
    screen.at("codigos").wait_for()
    yield Stop("recovery codes", "codigos-de-recuperacao", whole=True)
    screen.at("codigos-guardei").click()
    screen.at("segundo-fator-desativar").click()
    screen.at("desativar-enviar").click()
    yield Stop("switching the second factor off, with errors")
    screen.at("desativar-cancelar").click()
    screen.at("segundo-fator-mudar").click()
    screen.at("limite-codigo").wait_for()
    yield Stop("the limit of the second factor", "limite", whole=True)
    screen.go("operar/pagamento")
    screen.at("form-pagamento").wait_for()
    screen.at("op-valor").fill("6000")
    screen.at("op-descricao").fill("Reforma")
    screen.at("op-continuar").click()
    screen.at("op-confirmar").click()
    screen.at("aprovar-codigo").wait_for()
    yield Stop("a large payment asks for a code", "aprovar")
    screen.page.keyboard.press("Escape")


def without_a_line(screen: Screen) -> Iterator[Stop]:
    screen.go("preferencias")
    screen.at("volume").wait_for()
    screen.context.set_offline(True)
    screen.at("desatualizado").wait_for()
    yield Stop("preferences offline")
    screen.go("")
    screen.page.locator(".u-wrap").wait_for()
    yield Stop("home offline", "sem-conexao")
