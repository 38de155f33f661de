"""People who chat, each in a browser of their own and on a node of their own."""

import re
from collections.abc import Callable

from playwright.sync_api import Route, expect

from app.chat import actions
from app.contacts.queries import connected
from app.db import Database
from tests.browser.conftest import Opening, Screen
from tests.browser.test_offline_shell import wait_kept
from tests.support.people import Person

Befriend = Callable[[Person, Person], None]
Elsewhere = Callable[..., Screen]

WAITING = "sessionStorage.getItem('saldo-vivo:enviar')"


def talk(screen: Screen, other: Person) -> Screen:
    """Open the conversation with somebody."""
    screen.go(f"conversas/{other.id}")
    expect(screen.at("conversa-nome")).to_have_text(other.name)
    return screen


def write(screen: Screen, text: str) -> None:
    screen.at("mensagem-texto").fill(text)
    screen.at("mensagem-texto").press("Enter")


def tab_of(screen: Screen, url: str) -> Screen:
    tab = Screen(screen.context.new_page(), screen.complaints)
    tab.page.goto(url)
    tab.wait_connected()
    return tab


def said(bank: Database, sender: Person, receiver: Person, *texts: str) -> list[int]:
    """Written already; each id. Quicker than any client may write."""

    def send(text: str, number: int) -> int:
        return bank.transact(
            actions.send,
            sender_id=sender.id,
            receiver_id=receiver.id,
            text=text,
            client_id=f"{sender.id}-{receiver.id}-{number}",
            connected=connected,
        ).id

    return [send(text, number) for number, text in enumerate(texts)]


def test_three_people_on_three_nodes_see_messages_ticks_and_who_is_there(
    person: Callable[..., Person], befriend: Befriend, open_on_other_node: Elsewhere
) -> None:
    alice, bob, eva = person("Alice Souza"), person("Bob Pereira"), person("Eva Lima")
    befriend(alice, bob)
    befriend(alice, eva)
    hers = open_on_other_node(alice)
    his = open_on_other_node(bob, first := hers.wait_connected())
    third = open_on_other_node(eva, first, his.wait_connected())
    his_other_tab = tab_of(his, f"{bob.url}/#/conversas")
    talk(hers, bob)
    expect(hers.at("conversa-estado")).to_have_text("online")

    write(hers, "Vamos ao cinema?\nÀs 8")
    expect(hers.at("tique")).to_have_attribute("data-tick", "recebida")
    expect(hers.at("tique")).to_have_text("Entregue")
    for tab in (his, his_other_tab):
        expect(tab.at("nav-nao-lidas")).to_have_text("1 não lida")
    expect(his.at("aviso-toast")).to_contain_text("Alice Souza")
    expect(his_other_tab.at(f"conversa-{alice.id}")).to_contain_text("Vamos ao cinema?")

    talk(his, alice)
    expect(his.at("mensagem")).to_have_count(1)
    expect(hers.at("tique")).to_have_text("Lida")
    for tab in (his, his_other_tab):
        expect(tab.at("nav-nao-lidas")).to_be_hidden()
    his.at("mensagem-texto").press_sequentially("Vam")
    expect(hers.at("conversa-estado")).to_have_text("digitando…")
    his.at("mensagem-enviar").click()
    expect(hers.at("mensagem")).to_have_count(2)
    expect(hers.at("conversa-estado")).to_have_text("online")
    expect(hers.at("conversa-anuncio")).to_have_text("Bob Pereira: Vam")
    expect(hers.at("nav-nao-lidas")).to_be_hidden()

    talk(hers, eva)
    expect(hers.at("conversa-estado")).to_have_text("online")
    third.page.close()
    expect(hers.at("conversa-estado")).to_have_text(re.compile(r"visto por último hoje às \d\d:\d\d"))


def test_what_is_written_without_a_line_waits_and_goes_once(
    alice: Person, bob: Person, befriend: Befriend, open_page: Opening, open_on_other_node: Elsewhere
) -> None:
    befriend(alice, bob)
    hers = open_page(alice.url, alice)
    his = talk(open_on_other_node(bob, hers.wait_connected()), alice)
    talk(hers, bob)
    write(hers, "antes")
    expect(his.at("mensagem")).to_have_text(re.compile("antes"))

    hers.context.set_offline(True)
    write(hers, "primeira")
    write(hers, "segunda")
    expect(hers.at("tique").nth(1)).to_have_text("Esperando para ser enviada")
    write(his, "enquanto isso")
    expect(his.at("tique")).to_have_text(["Enviada"])
    hers.context.set_offline(False)
    hers.wait_connected()

    for screen in (hers, his):
        texts = screen.page.locator(".bubble-text")
        expect(texts).to_have_text(["antes", "enquanto isso", "primeira", "segunda"])
    expect(hers.at("tique").last).to_have_text("Lida")
    answer = bob.get(f"/conversas/{alice.id}/mensagens").json()["mensagens"]
    assert [message["texto"] for message in answer] == ["segunda", "primeira", "enquanto isso", "antes"]


def write_without_a_line(screen: Screen, text: str) -> None:
    screen.wait_connected()
    screen.context.set_offline(True)
    write(screen, text)
    expect(screen.at("tique")).to_have_text("Esperando para ser enviada")


def test_an_answer_that_is_lost_and_a_reload_send_nothing_twice(
    alice: Person, bob: Person, befriend: Befriend, open_page: Opening
) -> None:
    befriend(alice, bob)
    screen = talk(open_page(alice.url, alice), bob)
    write_without_a_line(screen, "espera")
    kept = screen.page.evaluate(WAITING)
    screen.context.set_offline(False)
    expect(screen.at("tique")).to_have_text("Enviada")
    # As if the acknowledgement had not come before the page was left.
    screen.page.evaluate("kept => sessionStorage.setItem('saldo-vivo:enviar', kept)", kept)
    screen.page.reload()
    screen.wait_connected()
    expect(screen.at("tique")).to_have_text(["Enviada"])
    screen.until(lambda: screen.page.evaluate(WAITING) is None, "nothing waits")
    assert len(bob.get(f"/conversas/{alice.id}/mensagens").json()["mensagens"]) == 1


def test_what_waits_is_sent_though_nobody_opens_the_chat(
    alice: Person, bob: Person, befriend: Befriend, open_page: Opening
) -> None:
    befriend(alice, bob)
    screen = talk(open_page(alice.url, alice), bob)
    write_without_a_line(screen, "espera")
    # A page that opens anew, at home.
    screen.page.goto("about:blank")
    screen.context.set_offline(False)
    screen.page.goto(alice.url)
    screen.wait_connected()
    screen.until(lambda: screen.page.evaluate(WAITING) is None, "nothing waits")
    (message,) = bob.get(f"/conversas/{alice.id}/mensagens").json()["mensagens"]
    assert message["texto"] == "espera"


def test_who_leaves_by_themselves_leaves_no_message_behind(
    alice: Person, bob: Person, befriend: Befriend, open_page: Opening
) -> None:
    befriend(alice, bob)
    screen = talk(open_page(alice.url, alice, service_workers="allow"), bob)
    screen.wait_connected()
    wait_kept(screen)
    screen.context.set_offline(True)
    write(screen, "espera")
    expect(screen.at("tique")).to_have_text("Esperando para ser enviada")
    assert "espera" in screen.page.evaluate(WAITING)
    screen.at("sair").click()
    screen.at("login-email").wait_for()
    assert screen.page.evaluate(WAITING) is None


def test_money_that_is_asked_for_is_paid_through_the_usual_confirmation(
    alice: Person, bob: Person, befriend: Befriend, open_page: Opening, open_on_other_node: Elsewhere
) -> None:
    befriend(alice, bob)
    assert bob.deposit("50.00").status_code == 201
    hers = open_page(alice.url, alice)
    his = talk(open_on_other_node(bob, hers.wait_connected()), alice)
    talk(hers, bob)
    for words in ("Pizza", "Uber"):
        hers.at("conversa-cobrar").click()
        hers.at("op-valor").press_sequentially("1250")
        hers.at("cobrar-descricao").fill(words)
        hers.at("cobrar-enviar").click()
        expect(hers.at("cartao-cobranca").last).to_contain_text(words)

    his.at("cobranca-recusar").nth(1).click()
    expect(hers.at("cobranca-situacao").nth(1)).to_have_text("Recusada")
    his.at("cobranca-pagar").click()
    expect(his.at("op-cobranca")).to_be_visible()
    expect(his.at("op-valor")).to_have_value("12,50")
    expect(his.at("op-valor")).not_to_be_editable()
    his.at("op-continuar").click()
    his.at("op-confirmar").click()
    his.at("comprovante-codigo").wait_for()

    expect(hers.at("cobranca-situacao").first).to_have_text("Paga")
    hers.at("cartao-comprovante").click()
    expect(hers.at("comprovante")).to_contain_text("12,50")
    assert (alice.balance(), bob.balance()) == (12.5, 37.5)
    talk(his, alice)
    expect(his.at("cobranca-situacao")).to_have_text(["Paga", "Recusada"])
    expect(his.at("cobranca-pagar")).to_have_count(0)
    his.at("conversa-transferir").click()
    expect(his.at("op-destino")).to_have_value(str(alice.account))
    expect(his.at("op-valor")).to_be_editable()


def test_a_persons_page_has_the_conversation_until_they_are_no_contacts(
    alice: Person, bob: Person, befriend: Befriend, open_page: Opening
) -> None:
    befriend(alice, bob)
    screen = open_page(f"{alice.url}/#/pessoas/{bob.id}", alice)
    expect(screen.page.get_by_role("heading", level=1)).to_have_text("Bob Pereira")
    write(screen, "Oi")
    expect(screen.at("tique")).to_have_text("Enviada")
    assert alice.post(f"/contatos/{bob.id}/bloquear", {}).status_code in (200, 204)
    expect(screen.at("conversa-fechada")).to_be_visible()
    expect(screen.at("mensagem-texto")).to_be_hidden()
    expect(screen.at("mensagem")).to_contain_text("Oi")


def test_an_own_message_is_edited_and_taken_back_before_both(
    alice: Person, bob: Person, befriend: Befriend, open_page: Opening
) -> None:
    befriend(alice, bob)
    hers, his = talk(open_page(alice.url, alice), bob), talk(open_page(bob.url, bob), alice)
    write(hers, "Às 8?")
    expect(his.at("mensagem")).to_contain_text("Às 8?")
    hers.at("mensagem-opcoes").press("Enter")
    hers.at("opcao-editar").click()
    expect(hers.at("mensagem-texto")).to_have_value("Às 8?")
    write(hers, "Às 9?")
    expect(his.at("mensagem")).to_contain_text("Às 9?editada")
    hers.at("mensagem-opcoes").press("Enter")
    hers.at("opcao-apagar").click()
    for screen in (hers, his):
        expect(screen.at("mensagem")).to_contain_text("Mensagem apagada")
    his.at("conversa-denunciar").click()
    his.at("denuncia-motivo").fill("Insiste demais")
    his.at("denuncia-enviar").click()
    expect(his.at("aviso-toast")).to_contain_text("Denúncia enviada")


def test_text_stays_text_and_only_safe_addresses_are_links(
    alice: Person, bob: Person, befriend: Befriend, open_page: Opening, bank: Database
) -> None:
    befriend(alice, bob)
    hostile = "<img src=x onerror=alert(1)> javascript:alert(1) https://exemplo.com/a?b=1."
    said(bank, bob, alice, hostile, "\u202eabc")
    screen = talk(open_page(alice.url, alice), bob)
    text = screen.page.locator(".bubble-text").first
    expect(text).to_have_text(hostile)
    expect(text.locator("*")).to_have_count(1)
    link = text.get_by_role("link", name="https://exemplo.com/a?b=1", exact=True)
    for name, value in (
        ("rel", "noopener noreferrer nofollow"),
        ("target", "_blank"),
        ("href", "https://exemplo.com/a?b=1"),
    ):
        expect(link).to_have_attribute(name, value)
    expect(screen.page.locator(".bubble-text").last).to_have_attribute("dir", "auto")

    field = screen.at("mensagem-texto")
    field.fill("x" * 1999 + "👍👍")
    expect(screen.at("mensagem-contagem")).to_have_text("1 caractere a mais")
    expect(screen.at("mensagem-enviar")).to_be_disabled()
    field.fill("linha 1")
    field.press("Shift+Enter")
    field.press_sequentially("linha 2")
    field.press("Enter")
    expect(screen.page.locator(".bubble-text").last).to_have_text("linha 1\nlinha 2")


FIRST_SEEN = """box => {
    const { top } = box.getBoundingClientRect();
    const seen = [...box.querySelectorAll("[data-id]")].find((each) => each.getBoundingClientRect().bottom > top + 60);
    return [seen.dataset.id, seen.getBoundingClientRect().top];
}"""


def test_history_grows_upwards_without_a_jump_and_a_search_leads_to_its_message(
    alice: Person, bob: Person, befriend: Befriend, open_page: Opening, bank: Database
) -> None:
    befriend(alice, bob)
    ids = said(bank, bob, alice, *(f"mensagem {n}" if n != 3 else "o número do Açaí" for n in range(150)))
    screen = talk(open_page(alice.url, alice), bob)
    box = screen.at("mensagens")
    expect(screen.at("mensagem").last).to_contain_text("mensagem 149")
    expect(screen.at("mensagem").last).to_be_in_viewport()
    expect(screen.at("nav-nao-lidas")).to_be_hidden()

    held: list[Route] = []
    screen.page.route("**/mensagens?antes=*", lambda route: held.append(route), times=1)
    box.evaluate("box => { box.scrollTop = 0 }")
    screen.until(lambda: held, "an older page is asked for")
    count = screen.at("mensagem").count()
    box.evaluate("box => { box.scrollTop = 40 }")
    before = box.evaluate(FIRST_SEEN)
    held[0].continue_()
    screen.until(lambda: screen.at("mensagem").count() > count, "it is shown")
    message, top = box.evaluate(FIRST_SEEN)
    assert message == before[0]
    assert abs(top - before[1]) < 1, "of a pixel, which browsers round"

    screen.at("conversas-busca").fill("acai")
    screen.at("mensagem-achada").click()
    found = screen.page.locator(f"[data-id='{ids[3]}']")
    expect(found).to_be_in_viewport()
    expect(found).to_be_focused()
    said_now = bob.post(f"/conversas/{alice.id}/mensagens", {"texto": "nova", "id_cliente": "nova"})
    assert said_now.status_code == 201
    expect(screen.at("novas")).to_have_text("1 não lida")
    screen.at("ir-para-o-fim").click()
    expect(screen.at("mensagem").last).to_contain_text("nova")
    expect(screen.at("nav-nao-lidas")).to_be_hidden()

    box.evaluate("box => { box.scrollTop = 0 }")
    write(screen, "minha")
    expect(screen.at("mensagem").last).to_contain_text("minha")
    expect(screen.at("mensagem").last).to_be_in_viewport()


def test_a_stranger_can_be_neither_read_nor_written_to(alice: Person, bob: Person, open_page: Opening) -> None:
    screen = open_page(f"{alice.url}/#/conversas/{bob.id}", alice)
    expect(screen.at("ausente")).to_contain_text("Não há conversa com esta pessoa")
    expect(screen.at("mensagem-texto")).to_have_count(0)
    expect(screen.page.get_by_text("Bob")).to_have_count(0)


def test_who_does_not_want_to_be_seen_is_not(
    alice: Person, bob: Person, befriend: Befriend, open_page: Opening
) -> None:
    befriend(alice, bob)
    hers, his = talk(open_page(alice.url, alice), bob), open_page(bob.url, bob)
    expect(hers.at("conversa-estado")).to_have_text("online")
    his.go("preferencias")
    his.at("presenca-mostrar").uncheck()
    expect(his.at("presenca-estado")).to_have_text("Preferências salvas.")
    expect(hers.at("conversa-estado")).not_to_have_text("online")
    his.page.reload()
    expect(his.at("presenca-mostrar")).not_to_be_checked()
