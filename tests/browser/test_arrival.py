"""Logging in, registering, staying, and leaving."""

import json
import re
import secrets

import pytest
from playwright.sync_api import APIResponse, Route, WebSocket, expect

from tests.browser.conftest import Opening, Screen, session_of
from tests.support.cluster import Cluster
from tests.support.people import PASSWORD, Person


def log_in(screen: Screen, person: Person, password: str = PASSWORD) -> None:
    screen.at("login-email").fill(person.email)
    screen.at("login-senha").fill(password)
    screen.at("login-entrar").click()


def test_registering_opens_an_account_and_arrives_at_home(cluster: Cluster, open_page: Opening) -> None:
    screen = open_page(cluster.url)
    screen.at("login-alternar").click()
    screen.at("login-nome").fill("Clara Nunes")
    screen.at("login-email").fill(f"clara-{secrets.token_hex(4)}@teste.example")
    screen.at("login-senha").fill("violao-rio-saudade")
    expect(screen.at("senha-forca")).to_have_text("Forte.")
    screen.at("registro-enviar").click()
    screen.wait_connected()
    expect(screen.at("saldo-total")).to_have_text("R$\u00a00,00")
    expect(screen.page.get_by_text("Olá, Clara")).to_be_visible()


def test_what_is_wrong_is_said_beside_its_field(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url)
    screen.at("login-alternar").click()
    screen.at("login-email").fill("sem-arroba")
    screen.at("login-senha").fill("curta")
    screen.at("registro-enviar").click()
    expect(screen.at("erro-nome")).to_be_visible()
    expect(screen.at("erro-email")).to_contain_text("e-mail")
    expect(screen.at("erro-senha")).to_contain_text("10 caracteres")
    expect(screen.at("login-nome")).to_be_focused()

    screen.at("login-nome").fill("Outra Alice")
    screen.at("login-email").fill(alice.email)
    screen.at("login-senha").fill("violao-rio-saudade")
    screen.at("registro-enviar").click()
    expect(screen.at("erro-email")).to_contain_text("Já existe")


def test_a_wrong_password_stays_on_the_screen(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url)
    log_in(screen, alice, "outra-senha-qualquer")
    expect(screen.at("erro-senha")).to_contain_text("incorretos")
    expect(screen.at("login-senha")).to_have_attribute("aria-invalid", "true")


def test_password_managers_know_the_fields(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url)
    expect(screen.at("login-email")).to_have_attribute("autocomplete", "username")
    expect(screen.at("login-senha")).to_have_attribute("autocomplete", "current-password")
    screen.at("login-alternar").click()
    expect(screen.at("login-senha")).to_have_attribute("autocomplete", "new-password")


def test_the_session_survives_a_reload_without_old_toasts(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("10.00").status_code == 201
    screen = open_page(alice.url)
    log_in(screen, alice)
    screen.wait_connected()
    screen.page.reload()
    screen.wait_connected()
    expect(screen.balance(alice.account)).to_have_text("R$\u00a010,00")
    expect(screen.at("aviso-toast")).to_have_count(0)


def test_leaving_ends_every_tab(alice: Person, open_page: Opening) -> None:
    first = open_page(alice.url, alice)
    first.wait_connected()
    second = Screen(first.context.new_page(), first.complaints)
    second.page.goto(alice.url)
    second.wait_connected()
    second.at("sair").click()
    expect(second.at("login-email")).to_be_visible()
    expect(second.at("login-aviso")).to_be_empty()
    expect(first.at("login-email")).to_be_visible()
    expect(first.page).to_have_title("Entrar · Saldo Vivo")


def test_a_session_that_was_ended_elsewhere_returns_to_where_the_person_was(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.go("preferencias")
    expect(screen.at("volume")).to_be_visible()
    assert alice.post("/logout", {"todos": True}).status_code == 204
    expect(screen.at("login-aviso")).to_contain_text("Sua sessão foi encerrada em outro aparelho")
    log_in(screen, alice)
    expect(screen.at("volume")).to_be_visible()
    screen.wait_connected()


def test_leaving_is_for_this_device_only(alice: Person, open_page: Opening) -> None:
    here, there = open_page(alice.url), open_page(alice.url, alice)
    log_in(here, alice)
    for each in (here, there):
        each.wait_connected()
    here.at("sair").click()
    expect(here.at("login-email")).to_be_visible()
    assert alice.deposit("7.00").status_code == 201
    expect(there.balance(alice.account)).to_have_text("R$\u00a07,00")
    expect(there.at("conexao")).to_have_attribute("data-estado", "conectado")


def test_leaving_every_device_is_another_button_that_says_so(alice: Person, open_page: Opening) -> None:
    here, there = open_page(alice.url, alice), open_page(alice.url, alice)
    for each in (here, there):
        each.wait_connected()
    here.go("preferencias")
    expect(here.at("sair-todos")).to_have_text("Sair de todos os aparelhos")
    here.at("sair-todos").click()
    expect(here.at("login-aviso")).to_be_empty()
    expect(there.at("login-aviso")).to_contain_text("Sua sessão foi encerrada em outro aparelho")
    assert alice.get("/perfil").status_code == 401


def test_what_could_not_be_ended_everywhere_is_not_ended_here(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.go("preferencias")
    screen.page.route("**/logout", lambda route: route.abort(), times=1)
    screen.at("sair-todos").click()
    expect(screen.page.get_by_text("Nada foi encerrado.")).to_be_visible()
    screen.wait_connected()
    screen.at("sair-todos").click()
    expect(screen.at("login-email")).to_be_visible()


def test_on_a_telephone_leaving_is_not_one_slip_away_from_the_bell(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    screen.wait_connected()
    expect(screen.at("sino")).to_be_visible()
    expect(screen.at("sair")).to_be_hidden()
    screen.go("preferencias")
    screen.at("sair-daqui").click()
    expect(screen.at("login-email")).to_be_visible()


def wait_idle(screen: Screen, minutes: str) -> None:
    screen.page.clock.fast_forward(minutes)


def test_after_a_quarter_of_an_hour_untouched_the_page_shows_nothing_of_the_person(
    alice: Person, open_page: Opening
) -> None:
    assert alice.deposit("1234.56").status_code == 201
    screen = open_page(alice.url, alice, new=True)
    sockets: list[WebSocket] = []
    screen.page.clock.install()
    screen.page.on("websocket", lambda socket: sockets.append(socket))
    screen.page.reload()
    screen.wait_connected()
    screen.go("extrato")
    expect(screen.at("extrato-saldo")).to_have_text("R$\u00a01.234,56")
    wait_idle(screen, "14:00")
    screen.page.mouse.move(300, 300)
    wait_idle(screen, "14:00")
    expect(screen.at("extrato-conta")).to_be_visible()
    with screen.page.expect_response("**/logout"):
        wait_idle(screen, "02:00")
    expect(screen.at("login-aviso")).to_contain_text("15 minutos sem uso")
    seen = screen.page.evaluate("document.documentElement.innerHTML + document.title")
    assert "1.234,56" not in seen
    assert "Alice" not in seen
    assert screen.page.evaluate("localStorage.getItem('saldo-vivo:sessao')") is None
    screen.until(lambda: sockets[-1].is_closed(), "the end of the socket")
    assert alice.get("/perfil").status_code == 401
    screen.page.go_back()
    expect(screen.at("login-email")).to_be_visible()
    expect(screen.page.get_by_text("1.234,56")).to_have_count(0)


def test_how_long_until_it_locks_is_a_preference(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice, new=True)
    screen.page.clock.install()
    screen.page.reload()
    screen.wait_connected()
    screen.go("preferencias")
    expect(screen.at("bloqueio")).to_have_value("15")
    screen.at("bloqueio").select_option("5")
    expect(screen.at("preferencias-estado")).to_have_text("Preferências salvas.")
    assert alice.get("/preferencias").json()["bloqueio_min"] == 5
    wait_idle(screen, "05:30")
    expect(screen.at("login-aviso")).to_contain_text("5 minutos sem uso")
    log_in(screen, alice)
    expect(screen.at("bloqueio")).to_have_value("5")


def test_who_comes_next_begins_at_home(alice: Person, bob: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice)
    screen.go(f"extrato/{alice.account}")
    screen.at("extrato-conta").wait_for()
    screen.at("sair").click()
    log_in(screen, bob)
    expect(screen.page.get_by_text("Olá, Bob")).to_be_visible()

    screen.go(f"extrato/{bob.account}")
    screen.at("extrato-conta").wait_for()
    assert bob.post("/logout", {"todos": True}).status_code == 204
    expect(screen.at("login-aviso")).to_contain_text("Sua sessão foi encerrada em outro aparelho")
    screen.page.reload()
    log_in(screen, alice)
    expect(screen.page.get_by_text("Olá, Alice")).to_be_visible()


def test_an_answer_to_who_left_is_not_shown_to_who_came(alice: Person, bob: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    held: list[tuple[Route, APIResponse]] = []
    screen.page.route("**/deposito", lambda route: held.append((route, route.fetch())))
    screen.go("operar/deposito")
    screen.at("op-valor").press_sequentially("1000")
    screen.at("op-continuar").click()
    with screen.page.expect_request("**/deposito"):
        screen.at("op-confirmar").click()
    screen.until(lambda: held, "the bank's answer")
    screen.at("sair").click()
    log_in(screen, bob)
    screen.wait_connected()
    expect(screen.balance(bob.account)).to_have_text("R$\u00a00,00")
    with screen.page.expect_response("**/deposito"):
        route, answer = held[0]
        assert answer.status == 201
        route.fulfill(response=answer)
    screen.go("extrato")
    expect(screen.page.get_by_text("Nenhuma movimentação")).to_be_visible()
    screen.go("")
    expect(screen.balance(bob.account)).to_have_text("R$\u00a00,00")
    expect(screen.at("extrato-linha")).to_have_count(0)


def test_a_token_of_somebody_else_shows_nothing(alice: Person, bob: Person, open_page: Opening) -> None:
    screen = open_page(alice.url)
    mixed = json.loads(session_of(alice)) | {"token": bob.token}
    screen.page.evaluate("session => localStorage.setItem('saldo-vivo:sessao', session)", json.dumps(mixed))
    screen.page.reload()
    expect(screen.at("login-aviso")).to_have_text("Entre de novo.")


@pytest.mark.parametrize("address", ["#/%", "#/extrato/%E0%A4", "#/nada"])
def test_an_address_that_is_none_shows_a_page_all_the_same(alice: Person, open_page: Opening, address: str) -> None:
    screen = open_page(f"{alice.url}/{address}", alice)
    screen.wait_connected()
    expect(screen.page.get_by_role("heading", level=1)).to_have_count(1)


def never_locks(person: Person) -> None:
    preferences = person.get("/preferencias").json() | {"bloqueio_min": 0}
    assert person.put("/preferencias", preferences).status_code == 200


def test_the_session_renews_itself_before_it_expires(alice: Person, open_page: Opening) -> None:
    never_locks(alice)
    screen = open_page(alice.url, new=True)
    screen.page.clock.install()
    screen.page.reload()
    log_in(screen, alice)
    screen.wait_connected()
    before = screen.page.evaluate("localStorage.getItem('saldo-vivo:sessao')")
    with screen.page.expect_response(re.compile("/token/renovar$")) as renewal:
        screen.page.clock.fast_forward("46:00")
    assert renewal.value.ok
    screen.page.wait_for_function("before => localStorage.getItem('saldo-vivo:sessao') !== before", arg=before)
    assert alice.deposit("7.00").status_code == 201
    expect(screen.balance(alice.account)).to_have_text("R$\u00a07,00")
