"""Who may come in: the second factor from its start to a large transfer, a forgotten password, and sessions."""

import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape

import pyotp
from playwright.sync_api import Request, expect

from app import clock
from tests.browser.conftest import Opening, Screen
from tests.browser.test_arrival import log_in
from tests.browser.test_operations import fill_in
from tests.support.people import PASSWORD, Person

STEP_S = 30
NO_CODE = "AAAA-AAAA-AAAA"
NEW_PASSWORD = "grampo-lua-bicicleta"


@dataclass
class CodeApp:
    """The app on somebody's telephone. A code is good once, so each of its codes is of a later time than the last."""

    secret: str
    last_step: int = 0

    def code(self) -> str:
        self.last_step = max(int(clock.unix_s()) // STEP_S, self.last_step + 1)
        return str(pyotp.TOTP(self.secret).at(self.last_step * STEP_S))


def switch_on(screen: Screen) -> tuple[CodeApp, list[str]]:
    """The second factor, on the screen: the app that has its secret, and the recovery codes."""
    screen.go("seguranca")
    screen.at("segundo-fator-ativar").click()
    expect(screen.at("ativar-senha")).to_be_focused()
    screen.at("ativar-senha").fill("outra-senha-qualquer")
    screen.page.keyboard.press("Enter")
    expect(screen.at("erro-ativar-senha")).to_have_text("A senha atual não confere.")
    screen.at("ativar-senha").fill(PASSWORD)
    screen.page.keyboard.press("Enter")
    expect(screen.at("ativar-codigo")).to_be_focused()
    assert screen.at("segundo-fator-qr").evaluate("image => image.complete && image.naturalWidth > 0")
    phone = CodeApp(screen.at("segundo-fator-segredo").inner_text().replace(" ", ""))
    screen.page.keyboard.type(phone.code())
    screen.page.keyboard.press("Enter")
    codes = screen.at("codigos").locator("code")
    expect(codes).to_have_count(10)
    found = codes.all_inner_texts()
    screen.at("codigos-guardei").click()
    expect(screen.at("segundo-fator-restantes")).to_have_text("10 restantes")
    return phone, found


def test_the_second_factor_is_set_up_asked_for_on_a_new_device_and_by_a_large_transfer(
    alice: Person, bob: Person, open_page: Opening
) -> None:
    assert alice.deposit("9000.00").status_code == 201
    first = open_page(alice.url, alice)
    first.wait_connected()
    phone, recovery_codes = switch_on(first)

    there = open_page(alice.url)
    log_in(there, alice)
    expect(there.at("login-codigo")).to_be_focused()
    expect(there.at("login-codigo")).to_have_attribute("autocomplete", "one-time-code")
    there.page.keyboard.type(NO_CODE)
    there.page.keyboard.press("Enter")
    expect(there.at("erro-codigo")).to_contain_text("não confere")
    expect(there.at("login-senha")).to_have_value(PASSWORD)
    there.at("login-codigo").fill(recovery_codes[0].lower())
    there.page.keyboard.press("Enter")
    there.wait_connected()
    first.at("aviso-toast").filter(has_text="Ver sessões").get_by_role("link").click()
    expect(first.at("sessao")).to_have_count(2)
    expect(first.at("segundo-fator-restantes")).to_have_text("10 restantes")

    asked: list[Request] = []
    there.page.on("request", lambda request: asked.append(request) if request.url.endswith("/transferencia") else None)
    fill_in(there, "transferencia", "600000", destino=str(bob.account), descricao="Carro")
    there.at("op-confirmar").click()
    expect(there.at("aprovar-codigo")).to_be_focused()
    expect(there.at("operacao-pendente")).to_be_hidden()
    there.page.keyboard.type(NO_CODE)
    there.page.keyboard.press("Enter")
    expect(there.at("aprovar").get_by_test_id("erro-codigo")).to_contain_text("não confere")
    there.at("aprovar-codigo").fill(phone.code())
    there.page.keyboard.press("Enter")
    expect(there.at("comprovante")).to_contain_text("R$\u00a06.000,00")
    assert (alice.balance(), bob.balance()) == (3000.0, 6000.0)
    assert len(asked) == 3
    assert len({(each.headers["idempotency-key"], each.post_data) for each in asked}) == 1


def test_without_a_code_a_large_schedule_is_not_made_and_nothing_typed_is_lost(
    alice: Person, open_page: Opening
) -> None:
    secret = alice.post("/segundo-fator", {"senha": PASSWORD}).json()["segredo"]
    phone = CodeApp(secret)
    assert alice.post("/segundo-fator/confirmar", {"codigo": phone.code()}).status_code == 200
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.go("operar/pagamento/agendar")
    screen.at("op-valor").fill("5000")
    screen.at("op-descricao").fill("Aluguel do ano")
    screen.at("op-data").fill((clock.day_of(clock.now()) + timedelta(days=30)).isoformat())
    screen.at("op-continuar").click()
    screen.at("op-confirmar").click()
    screen.at("aprovar-codigo").wait_for()
    screen.page.keyboard.press("Escape")
    expect(screen.at("op-aviso")).to_have_text("Sem o código, nada foi feito.")
    expect(screen.at("op-confirmar")).to_be_focused()
    assert alice.get("/agendamentos").json() == []
    screen.at("op-confirmar").click()
    screen.at("aprovar-codigo").fill(phone.code())
    screen.at("aprovar-enviar").click()
    expect(screen.at("agenda-linha")).to_contain_text("Aluguel do ano")


def code_for(person: Person) -> str:
    """Of the newest mail to this person, in the local outbox."""
    mails = unescape(person.get("/correio").text).split("<article>")
    mail = next(part for part in mails if person.email in part)
    found = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", mail)
    assert found is not None
    return found[0]


def test_a_forgotten_password_is_replaced_with_a_code_by_mail(alice: Person, open_page: Opening) -> None:
    inside = open_page(alice.url, alice)
    inside.wait_connected()
    screen = open_page(alice.url)
    screen.at("login-email").fill(alice.email)
    screen.at("login-esqueci").click()
    expect(screen.at("login-email")).to_have_value(alice.email)
    screen.at("recuperar-enviar").click()
    expect(screen.at("redefinir-enviado")).to_contain_text("Se houver um cadastro")
    expect(screen.at("redefinir-codigo")).to_be_focused()
    for name, kept in (("login-email", "username"), ("redefinir-codigo", "one-time-code")):
        expect(screen.at(name)).to_have_attribute("autocomplete", kept)
    expect(screen.at("redefinir-senha")).to_have_attribute("autocomplete", "new-password")

    screen.at("redefinir-codigo").fill("AAAA-AAAA")
    screen.at("redefinir-senha").fill("Alice-Souza-1")
    screen.at("redefinir-enviar").click()
    expect(screen.at("erro-codigo")).to_contain_text("não confere")
    screen.at("redefinir-codigo").fill(code_for(alice))
    screen.at("redefinir-enviar").click()
    expect(screen.at("erro-senha")).to_contain_text("fácil de adivinhar")
    screen.at("redefinir-senha").fill(NEW_PASSWORD)
    screen.at("redefinir-enviar").click()
    expect(screen.at("login-aviso")).to_have_text("Senha trocada. Entre com a nova senha.")
    expect(inside.at("login-aviso")).to_contain_text("a senha foi trocada")
    expect(screen.at("login-senha")).to_be_focused()
    log_in(screen, alice, NEW_PASSWORD)
    screen.wait_connected()


def test_a_session_elsewhere_is_seen_and_ended_and_a_new_password_ends_the_others(
    alice: Person, open_page: Opening
) -> None:
    here, there = open_page(alice.url, alice), open_page(alice.url)
    here.wait_connected()
    here.go("preferencias")
    here.at("preferencias-seguranca").click()
    expect(here.at("sessao")).to_have_count(1)
    log_in(there, alice)
    there.wait_connected()
    expect(here.at("sessao")).to_have_count(2)
    expect(here.at("sessao").first).to_contain_text("Este aparelho")
    other = here.at("sessao").nth(1)
    expect(other).to_contain_text("Chrome no Linux")
    other.get_by_test_id("sessao-encerrar").click()
    expect(there.at("login-aviso")).to_contain_text("encerrada em outro aparelho")
    expect(here.at("sessoes-estado")).to_have_text("Uma sessão encerrada.")
    expect(here.page.get_by_role("heading", name="Onde você está conectado")).to_be_focused()
    expect(here.at("sessao")).to_have_count(1)

    log_in(there, alice)
    there.wait_connected()
    here.at("senha-atual").fill(PASSWORD)
    here.at("senha-nova").fill(NEW_PASSWORD)
    here.at("trocar-senha-enviar").click()
    expect(here.at("senha-estado")).to_contain_text("Senha trocada")
    expect(there.at("login-aviso")).not_to_be_empty()
    expect(here.at("sessao")).to_have_count(1)
    assert alice.get("/perfil").status_code == 200
