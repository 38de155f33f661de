"""What is told: toasts, the bell, the panel, sounds, and the sign on the tab."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask_socketio import SocketIO
from playwright.sync_api import Route, expect

from tests.browser.conftest import Opening, Screen
from tests.support.cluster import Cluster
from tests.support.people import Person

# Keeps the pitch of every note that the page plays, in hertz; loudness is set the same way, but is below 1.
KEEP_NOTES = """
    globalThis.notes = [];
    const set = AudioParam.prototype.setValueAtTime;
    AudioParam.prototype.setValueAtTime = function (value, when) {
        if (value > 20) notes.push(Math.round(value));
        return set.call(this, value, when);
    };
"""
HEARD = "() => notes.length > 0"
# One tab may play, and no other waits for its turn.
PLAYS = """async () => {
    const { held, pending } = await navigator.locks.query();
    const sound = ({ name }) => name === "saldo-vivo:som";
    return held.some(sound) && !pending.some(sound);
}"""


def given(alice: Person, bob: Person, times: int = 1) -> None:
    """Bob sends Alice R$ 1,00 that many times: what oneself does raises no badge."""
    assert bob.deposit(f"{times}.00").status_code == 201
    for _ in range(times):
        assert bob.transfer(alice, "1.00").status_code == 201


def another_tab(screen: Screen, url: str) -> Screen:
    tab = Screen(screen.context.new_page(), screen.complaints)
    tab.page.goto(url)
    tab.wait_connected()
    return tab


def listen(screen: Screen) -> None:
    """Reload with ears, and do what lets a page make sounds."""
    screen.context.add_init_script(KEEP_NOTES)
    screen.page.reload()
    screen.wait_connected()
    screen.page.mouse.click(5, 300)
    # The browser takes its time to allow sound; from then on this tab is the one that plays.
    screen.until(lambda: screen.page.evaluate(PLAYS), "this tab's turn to play")


def test_a_toast_the_bell_and_the_tab_tell_of_it(alice: Person, bob: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    icon = screen.page.locator('link[rel="icon"]')
    expect(screen.at("sino-contador")).to_be_hidden()
    assert bob.deposit("30.00").status_code == 201
    for value in ("10.00", "20.00"):
        assert bob.transfer(alice, value).status_code == 201
    expect(screen.at("aviso-toast")).to_have_count(2)
    expect(screen.at("aviso-toast").last).to_contain_text("Bob Pereira")
    expect(screen.at("sino-contador")).to_have_text("2")
    expect(screen.page).to_have_title("(2) Início · Saldo Vivo")
    expect(icon).to_have_attribute("href", re.compile("^data:image/png"))


def test_a_toast_goes_by_itself_and_stays_while_it_is_held(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice, new=True)
    screen.page.clock.install()
    screen.page.reload()
    screen.wait_connected()
    toast = screen.at("aviso-toast")
    assert alice.deposit("1.00").status_code == 201
    toast.hover()
    screen.page.clock.fast_forward(8_000)
    expect(toast).to_be_visible()
    screen.page.mouse.move(5, 500)
    screen.page.clock.fast_forward(4_000)
    expect(toast).to_have_count(0)


def test_seen_is_not_read_and_read_is_read_everywhere(alice: Person, bob: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    tab = another_tab(screen, alice.url)
    device = open_page(alice.url, alice)
    device.wait_connected()
    given(alice, bob, 3)
    everywhere = [screen, tab, device]
    for each in everywhere:
        expect(each.at("sino-contador")).to_have_text("3")
    screen.at("sino").click()
    expect(screen.at("notificacao-item")).to_have_count(3)
    expect(screen.page.locator(".notice.is-unread")).to_have_count(3)
    expect(screen.at("sino-contador")).to_have_text("3")
    screen.at("marcar-lidas").click()
    for each in everywhere:
        expect(each.at("sino-contador")).to_be_hidden()
        expect(each.page).to_have_title("Início · Saldo Vivo")
    expect(screen.page.locator(".notice.is-unread")).to_have_count(0)
    device.page.reload()
    device.wait_connected()
    expect(device.at("saldo-total")).to_have_text("R$\u00a03,00")
    expect(device.at("sino-contador")).to_be_hidden()


def test_the_panel_holds_the_history(alice: Person, bob: Person, open_page: Opening) -> None:
    given(alice, bob, 35)
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    expect(screen.at("sino-contador")).to_have_text("35")
    screen.at("sino").click()
    items = screen.at("notificacao-item")
    expect(items).to_have_count(30)
    screen.at("avisos-anteriores").click()
    expect(items).to_have_count(35)
    expect(screen.at("avisos-anteriores")).to_be_hidden()
    seqs = [int(str(item.get_attribute("data-seq"))) for item in items.all()]
    assert seqs == sorted(seqs, reverse=True)
    screen.page.keyboard.press("Escape")
    expect(screen.at("painel-avisos")).to_be_hidden()
    expect(screen.at("sino")).to_be_focused()


def test_each_kind_has_its_sound_and_a_muted_one_none(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice, new=True)
    listen(screen)
    assert alice.deposit("10.00").status_code == 201
    screen.page.wait_for_function(HEARD)
    coin = screen.page.evaluate("notes.splice(0)")
    assert coin == [988, 1319]
    screen.go("preferencias")
    screen.at("som-deposito").select_option("gota")
    assert screen.page.evaluate("notes.splice(0)") != coin
    expect(screen.at("preferencias-estado")).to_have_text("Preferências salvas.")
    screen.at("ouvir-transferencia").click()
    assert screen.page.evaluate("notes.splice(0)")[0] == 880
    screen.at("tocar-deposito").uncheck()
    expect(screen.at("preferencias-estado")).to_have_text("Preferências salvas.")
    assert alice.deposit("20.00").status_code == 201
    expect(screen.at("aviso-toast").filter(has_text="20,00")).to_have_count(1)
    assert screen.page.evaluate("notes") == []
    assert alice.get("/preferencias").json()["mudos"] == ["deposito"]


def test_quiet_hours_are_quiet(alice: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice, new=True)
    screen.go("preferencias")
    now = datetime.now(ZoneInfo("America/Sao_Paulo"))
    screen.at("silencio-inicio").fill(f"{now - timedelta(hours=1):%H:%M}")
    screen.at("silencio-fim").fill(f"{now + timedelta(hours=1):%H:%M}")
    screen.at("silencio-ativo").check()
    expect(screen.at("preferencias-estado")).to_have_text("Preferências salvas.")
    listen(screen)
    expect(screen.at("silencio-ativo")).to_be_checked()
    assert alice.deposit("10.00").status_code == 201
    expect(screen.at("aviso-toast")).to_have_count(1)
    assert screen.page.evaluate("notes") == []


def test_of_several_tabs_one_plays_and_all_know_the_preferences(alice: Person, open_page: Opening) -> None:
    first = open_page(alice.url, alice, new=True)
    listen(first)
    second = another_tab(first, alice.url)
    second.page.mouse.click(5, 300)
    assert alice.deposit("10.00").status_code == 201
    for each in (first, second):
        expect(each.at("aviso-toast")).to_have_count(1)
    first.page.wait_for_function(HEARD)
    assert second.page.evaluate("notes.length") == 0
    second.go("preferencias")
    second.at("som-deposito").select_option("nenhum")
    expect(second.at("preferencias-estado")).to_have_text("Preferências salvas.")
    first.go("preferencias")
    expect(first.at("som-deposito")).to_have_value("nenhum")
    first.page.close()
    second.until(lambda: second.page.evaluate(PLAYS), "the other tab's turn to play")
    assert alice.withdraw("1.00").status_code == 201
    second.page.wait_for_function(HEARD)


def test_a_notification_of_a_plain_script_is_shown_and_not_kept(
    cluster: Cluster, alice: Person, bob: Person, open_page: Opening
) -> None:
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    script = SocketIO(message_queue=cluster.redis())
    payload = {"tipo": "aviso", "mensagem": "Manutenção às 23 h", "timestamp": "2026-11-23T12:00:00+00:00", "dados": {}}
    script.emit("notificacao", payload, to=f"user_{alice.id}")
    expect(screen.at("aviso-toast")).to_contain_text("Manutenção às 23 h")
    given(alice, bob)
    expect(screen.at("sino-contador")).to_have_text("1")


def test_what_i_do_on_any_device_raises_no_badge(alice: Person, bob: Person, open_page: Opening) -> None:
    here, there = open_page(alice.url, alice), open_page(alice.url, alice)
    for each in (here, there):
        each.wait_connected()
    here.go("operar/deposito")
    here.at("op-valor").press_sequentially("1000")
    here.at("op-continuar").click()
    here.at("op-confirmar").click()
    here.at("comprovante").wait_for()
    expect(there.at("aviso-toast")).to_contain_text("Depósito de R$\u00a010,00")
    given(alice, bob)
    for each in (here, there):
        expect(each.at("sino-contador")).to_have_text("1")
    there.page.reload()
    expect(there.at("saldo-total")).to_have_text("R$\u00a011,00")
    expect(there.at("sino-contador")).to_have_text("1")
    assert alice.get("/notificacoes").json()["nao_lidas"] == 1


def test_a_notice_that_was_opened_is_read_on_every_device(alice: Person, bob: Person, open_page: Opening) -> None:
    given(alice, bob, 2)
    here, there = open_page(alice.url, alice), open_page(alice.url, alice)
    for each in (here, there):
        each.wait_connected()
        expect(each.at("sino-contador")).to_have_text("2")
    here.at("sino").click()
    here.at("notificacao-item").last.locator("a.notice-text").click()
    here.at("comprovante").wait_for()
    for each in (here, there):
        expect(each.at("sino-contador")).to_have_text("1")
    here.go("")
    given(alice, bob)
    here.at("aviso-toast").locator("a").click()
    here.at("comprovante").wait_for()
    for each in (here, there):
        expect(each.at("sino-contador")).to_have_text("1")
    here.at("sino").click()
    expect(here.page.locator(".notice.is-unread")).to_have_attribute("data-seq", "2")


def test_one_is_marked_as_read_without_the_older_ones_on_every_device(
    alice: Person, bob: Person, open_page: Opening
) -> None:
    given(alice, bob, 3)
    here, there = open_page(alice.url, alice), open_page(f"{alice.url}/#/avisos", alice)
    for each in (here, there):
        each.wait_connected()
    here.at("sino").click()
    here.at("notificacao-item").first.get_by_test_id("marcar-lida").click()
    for each in (here, there):
        expect(each.at("sino-contador")).to_have_text("2")
        unread = [item.get_attribute("data-seq") for item in each.page.locator(".notice.is-unread").all()]
        assert unread == ["2", "1"]
    there.page.reload()
    expect(there.page.locator(".notice.is-unread")).to_have_count(2)


def test_money_in_and_out_are_told_apart_in_words_and_signs_and_found_by_a_filter(
    alice: Person, bob: Person, open_page: Opening
) -> None:
    given(alice, bob, 32)
    assert bob.deposit("9.00").status_code == 201
    words = {"correntista_id_origem": bob.account, "correntista_id_destino": alice.account, "descricao": "Feliz dia!"}
    assert bob.post("/transferencia", {**words, "valor": "9.00"}).status_code == 201
    assert alice.pay("2.00").status_code == 201
    screen = open_page(f"{alice.url}/#/avisos", alice)
    screen.wait_connected()
    items = screen.at("notificacao-item")
    expect(screen.page.locator(".notice-day").first).to_have_text("Hoje")
    expect(items.nth(0)).to_contain_text("− R$\u00a02,00")
    expect(items.nth(1)).to_contain_text("Transferência recebida")
    expect(items.nth(1)).to_contain_text("+ R$\u00a09,00")
    expect(items.nth(1).locator("q")).to_have_text("Feliz dia!")
    screen.at("avisos-tipo").select_option("pagamento")
    expect(items).to_have_count(1)
    screen.at("avisos-tipo").select_option("transferencia")
    screen.at("avisos-entrada").check()
    screen.at("avisos-anteriores").click()
    expect(items).to_have_count(33)
    expect(screen.at("avisos-anteriores")).to_be_hidden()
    screen.at("avisos-saida").check()
    expect(screen.at("avisos-nenhum")).to_have_text("Nenhum aviso com estes filtros.")


def test_what_i_paid_is_repeated_from_its_notice(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    assert alice.pay("12.34", "Luz de novembro").status_code == 201
    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.at("sino").click()
    screen.at("aviso-repetir").click()
    expect(screen.at("op-valor")).to_have_value("12,34")
    expect(screen.at("op-descricao")).to_have_value("Luz de novembro")
    expect(screen.at("op-conta")).to_have_value(str(alice.account))
    screen.at("op-continuar").click()
    screen.at("op-confirmar").click()
    screen.at("comprovante").wait_for()
    assert alice.balance() == 75.32


def test_a_kind_that_is_not_wanted_on_the_screen_is_behind_the_bell(
    alice: Person, bob: Person, open_page: Opening
) -> None:
    screen, elsewhere = open_page(alice.url, alice), open_page(f"{alice.url}/#/preferencias", alice)
    screen.wait_connected()
    expect(elsewhere.at("tela-seguranca")).to_be_disabled()
    elsewhere.at("tela-transferencia").uncheck()
    expect(elsewhere.at("preferencias-estado")).to_have_text("Preferências salvas.")
    screen.go("preferencias")
    expect(screen.at("tela-transferencia")).not_to_be_checked()
    given(alice, bob)
    expect(screen.at("sino-contador")).to_have_text("1")
    assert alice.deposit("5.00").status_code == 201
    expect(screen.at("aviso-toast")).to_have_count(1)
    expect(screen.at("aviso-toast")).to_contain_text("Depósito")


def test_preferences_that_could_not_be_read_are_never_saved_over(alice: Person, open_page: Opening) -> None:
    saved = alice.get("/preferencias").json() | {"mudos": ["saque"]}
    screen = open_page("about:blank#", alice)
    headers = {"Authorization": f"Bearer {alice.token}"}
    assert screen.page.request.put(f"{alice.url}/preferencias", data=saved, headers=headers).ok
    failing = [True]

    def fail(route: Route) -> None:
        if failing[0] and route.request.method == "GET":
            route.abort()
        else:
            route.continue_()

    screen.page.route("**/preferencias", fail)
    screen.page.goto(f"{alice.url}/#/preferencias")
    screen.wait_connected()
    screen.at("tocar-deposito").click()
    expect(screen.at("preferencias-estado")).to_contain_text("Não foi possível salvar")
    expect(screen.at("tocar-deposito")).to_be_checked()
    failing[0] = False
    screen.at("tocar-deposito").click()
    expect(screen.at("preferencias-estado")).to_have_text("Preferências salvas.")
    assert sorted(alice.get("/preferencias").json()["mudos"]) == ["deposito", "saque"]


def test_what_came_just_before_somebody_left_is_told_to_nobody(alice: Person, bob: Person, open_page: Opening) -> None:
    screen = open_page(alice.url, alice, new=True)
    frames: list[str | bytes] = []
    screen.page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(frame)))
    screen.page.clock.install()
    screen.page.reload()
    screen.wait_connected()
    screen.page.clock.pause_at(datetime.now(ZoneInfo("UTC")) + timedelta(seconds=5))
    given(alice, bob)
    screen.until(lambda: any("notificacao" in str(frame) for frame in frames), "the notice")
    screen.page.clock.run_for(50)  # long enough for the bell, and less than what is told together waits
    expect(screen.at("sino-contador")).to_have_text("1")
    screen.at("sair").click()
    screen.at("login-email").wait_for()
    screen.page.clock.run_for(1000)
    expect(screen.at("aviso-toast")).to_have_count(0)
