"""The panel shows an administrator the cluster as it is, and does what is asked with a code; nobody else finds it."""

from pathlib import Path

from playwright.sync_api import expect

from app.db import Database
from app.users import administrators
from tests.browser.conftest import Opening
from tests.browser.test_screens import AXE, DESK, OVER, PICTURES, SCHEMES, TELEPHONE, violations
from tests.support import second_factor
from tests.support.people import Person, eventually


def test_an_administrator_sees_every_node_and_ends_sessions_with_a_code(
    bank: Database, alice: Person, bob: Person, open_page: Opening
) -> None:
    bank.transact(administrators.make, alice.id)
    codes = second_factor.switch_on(alice)
    his = open_page(bob.url, bob)
    his.wait_connected()
    his.go("painel")
    expect(his.at("ausente")).to_contain_text("Página não encontrada")

    screen = open_page(alice.url, alice)
    screen.wait_connected()
    screen.go("preferencias")
    screen.at("ir-ao-painel").click()
    for node in ("web1", "web2", "web3", "worker1"):
        expect(screen.at(f"processo-{node}")).to_be_visible()
    expect(screen.at("processo-web1")).to_contain_text("/s")
    expect(screen.at("painel-estado")).to_have_text("Ao vivo")

    screen.at("painel-usuario").fill(str(bob.id))
    screen.at("painel-encerrar").click()
    expect(screen.at("erro-codigo")).to_contain_text("Digite o código")
    screen.at("painel-codigo").fill(codes[0])
    screen.at("painel-encerrar").click()
    expect(screen.at("painel-acao")).to_contain_text("foram encerradas")
    expect(his.at("login-email")).to_be_visible()
    eventually(lambda: bob.get("/perfil").status_code == 401, "the end of his session")

    screen.page.evaluate(Path(AXE).read_text())
    for width in (TELEPHONE, DESK):
        screen.page.set_viewport_size({"width": width, "height": 900})
        assert screen.page.evaluate(OVER) <= 0
        for scheme, rules in SCHEMES.items():
            screen.page.emulate_media(color_scheme=scheme)
            assert violations(screen.page, rules) == []
            PICTURES.mkdir(exist_ok=True)
            screen.page.screenshot(path=PICTURES / f"panel-{width}-{scheme}.png", full_page=True)
