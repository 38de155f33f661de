"""Alive, offline, and back: nothing lost, nothing twice, and the screen says which."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from flask_socketio_cluster.limits.client_limits import SOCKETS_OF_USER_MAX
from playwright.sync_api import WebSocketRoute, expect

from tests.browser.conftest import Opening, Screen, session_of
from tests.support.people import Person

# As behind a proxy that lets no WebSocket through, until `blocked` is false.
BLOCK_WEBSOCKET = """
    const Real = WebSocket;
    globalThis.blocked = true;
    globalThis.WebSocket = class {
        constructor(...args) {
            if (!blocked) return new Real(...args);
            setTimeout(() => this.onerror?.(new Event("error")));
        }
        close() {}
    };
"""
MISSED = 20


def has_state(screen: Screen, state: str) -> None:
    expect(screen.at("conexao")).to_have_attribute("data-estado", state)


def told(screen: Screen) -> list[int]:
    """The seqs in the panel, oldest first."""
    return [int(str(item.get_attribute("data-seq"))) for item in reversed(screen.at("notificacao-item").all())]


def test_the_good_state_names_the_node_and_the_transport(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice)
    node = screen.wait_connected()
    expect(screen.at("conexao")).to_have_attribute("title", f"Nó {node} · WebSocket")
    expect(screen.at("conexao")).to_contain_text("Conectado")
    box = screen.at("conexao").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] > 1280 - 40
    assert box["y"] + box["height"] > 860 - 40


def test_the_first_connection_shows_nothing_before_it_lasts(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("1.00").status_code == 201
    held: list[tuple[WebSocketRoute, str | bytes]] = []
    holding = True

    def hold_the_login(route: WebSocketRoute) -> None:
        def pass_on(text: str | bytes) -> None:
            if holding and '"autenticado"' in str(text):
                held.append((route, text))
            else:
                route.send(text)

        route.connect_to_server().on_message(pass_on)

    screen = open_page("about:blank#", alice, new=True)
    screen.page.route_web_socket("**/socket.io/**", hold_the_login)
    start = datetime.now(UTC)
    screen.page.clock.install(time=start)
    screen.page.clock.pause_at(start + timedelta(seconds=1))
    screen.page.goto(alice.url)
    expect(screen.at("conexao")).to_have_attribute("data-no", re.compile("web"))
    screen.page.clock.run_for(1_600)
    expect(screen.balance(alice.account)).to_have_text("R$\u00a01,00")
    screen.page.clock.run_for(3_300)
    has_state(screen, "reconectando")
    expect(screen.at("conexao")).to_be_hidden()
    expect(screen.at("desatualizado")).to_be_hidden()
    screen.page.clock.run_for(2_000)
    expect(screen.at("conexao")).to_be_visible()
    expect(screen.at("desatualizado")).to_contain_text("Os valores são das")
    holding = False
    for route, text in held:
        route.send(text)
    screen.wait_connected()
    expect(screen.at("desatualizado")).to_be_hidden()


def test_what_was_missed_arrives_once_and_in_order(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("1.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    expect(screen.balance(alice.account)).to_have_text("R$\u00a01,00")
    screen.page.locator(".u-wrap").wait_for()
    screen.context.set_offline(True)
    has_state(screen, "desconectado")
    for _ in range(MISSED):
        assert alice.deposit("1.00").status_code == 201
    expect(screen.at("desatualizado")).to_contain_text("sem conexão")
    expect(screen.balance(alice.account)).to_have_text("R$\u00a01,00")
    screen.context.set_offline(False)
    screen.wait_connected()
    expect(screen.balance(alice.account)).to_have_text(f"R$\u00a0{MISSED + 1},00")
    expect(screen.at("desatualizado")).to_be_hidden()
    expect(screen.at("aviso-toast")).to_have_count(1)
    expect(screen.at("aviso-toast")).to_contain_text(f"{MISSED} avisos novos")
    screen.at("sino").click()
    expect(screen.at("notificacao-item")).to_have_count(MISSED + 1)
    assert told(screen) == list(range(1, MISSED + 2))


def test_while_the_bank_is_away_it_counts_down_and_tries_at_once_when_told_to(
    alice: Person, open_page: Opening
) -> None:
    screen = open_page(alice.url, new=True)
    screen.page.route(re.compile("/socket.io/"), lambda route: route.abort())
    screen.page.add_init_script(BLOCK_WEBSOCKET)
    screen.page.clock.install()
    screen.page.add_init_script("Math.random = () => 0.99")
    screen.page.evaluate("session => localStorage.setItem('saldo-vivo:sessao', session)", session_of(alice))
    screen.page.reload()
    has_state(screen, "reconectando")
    for _ in range(8):
        expect(screen.at("tentar-agora")).to_be_visible()
        screen.page.clock.run_for(31_000)
    has_state(screen, "reconectando")
    expect(screen.at("conexao")).to_contain_text(re.compile(r"Reconectando em \d+ s"))
    screen.page.unroute_all()
    screen.page.evaluate("blocked = false")
    screen.at("tentar-agora").click()
    has_state(screen, "conectado")


def test_a_page_that_is_one_place_too_many_rests_until_it_is_wanted_here(alice: Person, open_page: Opening) -> None:
    with ExitStack() as others:
        screen = open_page(alice.url, alice)
        screen.wait_connected()
        newer = [others.enter_context(alice.listening()) for _ in range(SOCKETS_OF_USER_MAX)]
        expect(screen.at("conexao")).to_contain_text("Aberto em muitos lugares")
        assert alice.deposit("15.00").status_code == 201
        for feed in newer:
            feed.wait_for_seq(1)

        screen.at("tentar-agora").click()

        has_state(screen, "conectado")
        expect(screen.balance(alice.account)).to_have_text("R$\u00a015,00")
        assert newer[0].wait_for("sessao_encerrada").payload == {"motivo": "muitas_conexoes"}


def test_without_websockets_it_lives_on_polling(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url)
    screen.page.add_init_script(BLOCK_WEBSOCKET)
    screen.page.evaluate("session => localStorage.setItem('saldo-vivo:sessao', session)", session_of(alice))
    screen.page.reload()
    screen.wait_connected()
    expect(screen.at("conexao")).to_have_attribute("data-transporte", "polling")
    assert alice.deposit("15.00").status_code == 201
    expect(screen.balance(alice.account)).to_have_text("R$\u00a015,00")


def test_three_people_on_three_nodes_one_of_them_offline_in_the_middle(
    alice: Person,
    bob: Person,
    person: Callable[..., Person],
    open_page: Opening,
    open_on_other_node: Callable[..., Screen],
) -> None:
    clara = person("Clara Nunes")
    assert alice.deposit("100.00").status_code == 201
    hers = open_page(alice.url, alice)
    first = hers.wait_connected()
    his = open_on_other_node(bob, first)
    claras = open_on_other_node(clara, first, his.wait_connected())
    his.context.set_offline(True)
    has_state(his, "desconectado")
    for answer in (alice.transfer(bob, "40.00"), alice.transfer(clara, "10.00"), clara.transfer(bob, "5.00")):
        assert answer.status_code == 201
    expect(claras.balance(clara.account)).to_have_text("R$\u00a05,00")
    expect(hers.balance(alice.account)).to_have_text("R$\u00a050,00")
    expect(his.balance(bob.account)).to_have_text("R$\u00a00,00")
    his.context.set_offline(False)
    his.wait_connected()
    assert bob.transfer(alice, "1.00").status_code == 201
    expect(his.balance(bob.account)).to_have_text("R$\u00a044,00")
    expect(hers.balance(alice.account)).to_have_text("R$\u00a051,00")
    his.at("sino").click()
    expect(his.at("notificacao-item")).to_have_count(3)
    assert told(his) == [1, 2, 3]


def test_a_line_that_is_lost_before_the_chart_came_brings_it_when_it_is_back(alice: Person, open_page: Opening) -> None:
    screen = open_page("about:blank#", alice)
    screen.page.route("**/uPlot.esm.min.js", lambda route: route.abort(), times=1)
    with screen.page.expect_event("requestfailed", lambda request: "uPlot" in request.url):
        screen.page.goto(alice.url)
    screen.wait_connected()
    expect(screen.balance(alice.account)).to_have_text("R$\u00a00,00")
    screen.context.set_offline(True)
    has_state(screen, "desconectado")
    screen.context.set_offline(False)
    screen.page.locator(".u-wrap").wait_for()
    expect(screen.page.get_by_text("não chegou")).to_have_count(0)


def test_without_a_live_line_it_says_how_old_the_numbers_are(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("10.00").status_code == 201
    screen = open_page(alice.url)
    screen.page.route(re.compile("/socket.io/"), lambda route: route.abort())
    screen.page.add_init_script(BLOCK_WEBSOCKET)
    screen.page.evaluate("session => localStorage.setItem('saldo-vivo:sessao', session)", session_of(alice))
    screen.page.reload()
    expect(screen.balance(alice.account)).to_have_text("R$\u00a010,00")
    expect(screen.at("desatualizado")).to_contain_text("Os valores são das")


def test_what_was_read_elsewhere_during_an_absence_is_read_here_too(
    alice: Person, bob: Person, open_page: Opening
) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    assert bob.deposit("2.00").status_code == 201
    for _ in range(2):
        assert bob.transfer(alice, "1.00").status_code == 201
    expect(screen.at("sino-contador")).to_have_text("2")
    screen.context.set_offline(True)
    has_state(screen, "desconectado")
    assert alice.post("/notificacoes/lidas", {"ate": 2}).status_code == 200
    screen.context.set_offline(False)
    screen.wait_connected()
    expect(screen.at("sino-contador")).to_be_hidden()


def test_a_statement_that_was_opened_without_a_network_comes_with_it(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("10.00").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.page.route("**/extrato/*", lambda route: route.abort(), times=1)
    screen.go(f"extrato/{alice.account}")
    expect(screen.page.get_by_text("Não houve resposta do banco")).to_be_visible()
    screen.context.set_offline(True)
    has_state(screen, "desconectado")
    screen.context.set_offline(False)
    expect(screen.at("extrato").get_by_test_id("extrato-linha")).to_have_count(1)


def test_without_a_network_the_statement_shows_what_it_has_with_its_age(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("10.00").status_code == 201
    assert alice.pay("1.00", "Padaria").status_code == 201
    screen = open_page(alice.url, alice, new=True)
    screen.page.clock.install()
    screen.page.reload()
    screen.wait_connected()
    screen.go("extrato")
    rows = screen.at("extrato").get_by_test_id("extrato-linha")
    expect(rows).to_have_count(2)
    screen.context.set_offline(True)
    has_state(screen, "desconectado")
    screen.page.clock.fast_forward("05:10")
    expect(screen.at("desatualizado")).to_contain_text("5 min atrás")
    screen.at("extrato-tipo").select_option("debito")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Padaria")
    expect(screen.page.get_by_text("Estas são as movimentações de 5 min atrás")).to_be_visible()
    assert alice.pay("2.00", "Cinema").status_code == 201
    screen.context.set_offline(False)
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Cinema")


def test_what_never_left_the_device_is_not_in_doubt(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.go("operar/deposito")
    screen.at("op-valor").press_sequentially("1000")
    screen.at("op-continuar").click()
    screen.at("op-confirmacao").wait_for()
    screen.context.set_offline(True)
    has_state(screen, "desconectado")
    screen.at("op-confirmar").click()
    expect(screen.at("op-aviso")).to_contain_text("não foi enviada")
    expect(screen.at("op-aviso")).not_to_contain_text("Não sabemos")
    expect(screen.at("operacao-pendente")).to_be_hidden()
    screen.context.set_offline(False)
    screen.wait_connected()
    screen.at("op-confirmar").click()
    screen.at("comprovante").wait_for()
    assert alice.balance() == 10.0
