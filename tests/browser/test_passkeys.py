"""A passkey is made, used and removed by its owner, on a device that Chromium plays."""

from collections.abc import Callable

from playwright.sync_api import CDPSession, expect

from tests.browser.conftest import Opening, Screen
from tests.browser.test_arrival import log_in
from tests.support.cluster import Cluster
from tests.support.people import PASSWORD, Person


class Device:
    """The part of a telephone that keeps keys and asks its owner."""

    def __init__(self, screen: Screen) -> None:
        self._cdp: CDPSession = screen.context.new_cdp_session(screen.page)
        self._cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self._id = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def recognizes_owner(self, yes: bool) -> None:
        self._cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": yes})


def leave(screen: Screen) -> None:
    screen.at("sair").click()
    screen.at("login-email").wait_for()


def test_a_passkey_is_made_opens_the_account_without_a_password_and_is_removed(
    cluster: Cluster, person: Callable[..., Person], open_page: Opening
) -> None:
    alice = person("Alice Souza")
    screen = open_page(f"http://localhost:{cluster.http_port}", new=True)
    device = Device(screen)
    log_in(screen, alice)
    screen.wait_connected()

    screen.go("seguranca")
    screen.at("chave-criar").click()
    expect(screen.at("chave-senha")).to_be_focused()
    screen.at("chave-senha").fill("outra-senha-qualquer")
    screen.page.keyboard.press("Enter")
    expect(screen.at("erro-chave-senha")).to_have_text("A senha atual não confere.")
    screen.at("chave-senha").fill(PASSWORD)
    screen.page.keyboard.press("Enter")
    expect(screen.at("chaves-estado")).to_have_text("Chave criada. Da próxima vez, entre com ela.")
    expect(screen.at("chave")).to_contain_text("ainda não usada")
    screen.at("chave-criar").click()
    screen.at("chave-senha").fill(PASSWORD)
    screen.page.keyboard.press("Enter")
    expect(screen.at("criar-chave-aviso")).to_have_text("Este aparelho já tem uma chave para a sua conta.")

    leave(screen)
    device.recognizes_owner(False)
    screen.at("login-chave").click()
    expect(screen.at("login-aviso")).to_have_text("O aparelho não confirmou. Tente de novo quando quiser.")
    device.recognizes_owner(True)
    screen.at("login-chave").click()
    screen.wait_connected()

    screen.go("seguranca")
    expect(screen.at("chave")).to_contain_text("usada agora")
    screen.at("chave-remover").click()
    expect(screen.at("chave-remover-senha")).to_be_focused()
    screen.page.keyboard.type(PASSWORD)
    screen.page.keyboard.press("Enter")
    expect(screen.at("chaves-estado")).to_have_text("Chave removida.")
    expect(screen.at("chave")).to_have_count(0)
    leave(screen)
    screen.at("login-chave").click()
    expect(screen.at("login-aviso")).to_contain_text("Não foi possível entrar com esta chave de acesso.")


def test_at_an_address_where_browsers_allow_none_nothing_speaks_of_them(alice: Person, open_page: Opening) -> None:
    outside = open_page(alice.url)
    outside.page.wait_for_load_state("networkidle")
    expect(outside.at("login-entrar")).to_be_visible()
    expect(outside.at("login-chave")).to_be_hidden()
    screen = open_page(f"{alice.url}/#/seguranca", alice)
    expect(screen.at("sessao")).to_have_count(1)
    screen.page.wait_for_load_state("networkidle")
    expect(screen.at("chave-criar")).to_be_hidden()
