"""A picture of every screen, at the width of a telephone and of a desk, in light and in dark, to be looked at."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Opening, Screen
from tests.support.people import Person

PICTURES = Path(__file__).parent / "screenshots"


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


class Camera:
    def __init__(self, suffix: str) -> None:
        self.suffix = suffix
        PICTURES.mkdir(exist_ok=True)

    def take(self, screen: Screen, name: str, *, whole: bool = False) -> None:
        path = PICTURES / f"{name}-{self.suffix}.png"
        screen.page.screenshot(path=path, full_page=whole, animations="disabled")
        assert path.stat().st_size > 0


def outside(camera: Camera, screen: Screen) -> None:
    screen.at("login-email").wait_for()
    camera.take(screen, "entrar")
    screen.at("login-alternar").click()
    screen.at("login-senha").fill("violao-rio")
    screen.at("registro-enviar").click()
    camera.take(screen, "criar-conta")
    screen.go("verificar")
    screen.at("verificar-codigo").fill("AAAA-BBBB-CCCC-DDDD")
    screen.at("verificar-enviar").click()
    screen.at("verificar-falso").wait_for()
    camera.take(screen, "verificar")


def operating(camera: Camera, screen: Screen, to_account: int) -> None:
    screen.go("operar/transferencia")
    screen.at("op-valor").press_sequentially("4590")
    screen.at("op-destino").fill(str(to_account))
    screen.at("op-descricao").fill("Almoço de domingo")
    camera.take(screen, "operar")
    screen.at("op-continuar").click()
    screen.page.locator("[data-testid=op-confirmar]:enabled").wait_for()
    camera.take(screen, "confirmar")
    screen.at("op-confirmar").click()
    screen.at("comprovante-codigo").wait_for()
    camera.take(screen, "comprovante")
    screen.go("comprovante/999999999")
    screen.at("ausente").wait_for()
    camera.take(screen, "comprovante-ausente")


def inside(camera: Camera, screen: Screen, alice: Person, bob: Person) -> None:
    screen.wait_connected()
    screen.page.locator(".u-wrap").wait_for()
    screen.at("extrato-linha").first.wait_for()
    camera.take(screen, "inicio", whole=True)
    assert bob.transfer(alice, "20.00").status_code == 201
    screen.at("aviso-toast").wait_for()
    camera.take(screen, "aviso")
    screen.at("sino").click()
    camera.take(screen, "avisos")
    screen.page.keyboard.press("Escape")
    operating(camera, screen, bob.account)
    screen.go(f"extrato/{alice.account}")
    screen.at("extrato").get_by_test_id("extrato-linha").first.wait_for()
    camera.take(screen, "extrato")
    screen.go("preferencias")
    screen.at("volume").wait_for()
    camera.take(screen, "preferencias", whole=True)
    screen.go("")
    screen.context.set_offline(True)
    screen.at("desatualizado").wait_for()
    camera.take(screen, "sem-conexao")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_screen_has_its_picture(alice: Person, bob: Person, open_page: Opening, scheme: str, width: int) -> None:
    telephone = width < 500
    options: dict[str, Any] = {
        "color_scheme": scheme,
        "viewport": {"width": width, "height": 844 if telephone else 860},
        "is_mobile": telephone,
        "has_touch": telephone,
    }
    busy_month(alice, bob)
    camera = Camera(f"{width}-{scheme}")
    outside(camera, open_page(alice.url, **options))
    inside(camera, open_page(alice.url, alice, **options), alice, bob)
    assert len(list(PICTURES.glob(f"*-{camera.suffix}.png"))) >= 12
