"""What is due, on the screen: asked for from the operation, warned of, changed, cancelled, and live when it is done."""

from datetime import timedelta

from playwright.sync_api import expect

from app import clock
from app.schedules import business_days
from tests.browser.conftest import Opening, Screen
from tests.support.people import Person

TODAY = clock.day_of(clock.now())
# Within the projection, in a month that can be seen, and a day on which banks work.
SOON = business_days.on_or_after(TODAY + timedelta(days=20))


def fill_in(screen: Screen, bob: Person, value: str) -> None:
    screen.at("agenda-novo").click()
    screen.at("op-valor").fill(value)
    screen.at("op-destino").fill(str(bob.account))
    screen.at("op-descricao").fill("Aluguel")
    screen.at("op-data").fill(SOON.isoformat())
    screen.at("op-continuar").click()


def show_month_of_soon(screen: Screen) -> None:
    if SOON.month != TODAY.month:
        screen.at("agenda-depois").click()


def test_a_transfer_is_scheduled_warned_of_changed_and_cancelled(
    alice: Person, bob: Person, open_page: Opening
) -> None:
    assert alice.deposit("100.00").status_code == 201
    screen = open_page(f"{alice.url}/#/agenda", alice)
    screen.wait_connected()
    fill_in(screen, bob, "250,00")
    expect(screen.at("op-saldo-previsto")).to_have_text("-R$\u00a0150,00")
    expect(screen.at("op-sem-fundos")).to_contain_text("vão faltar R$\u00a0150,00")
    screen.at("op-confirmar").click()

    row = screen.at("agenda-proximos").get_by_test_id("agenda-linha")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Aluguel")
    expect(screen.at("agenda-sem-fundos")).to_contain_text("Vai faltar saldo")
    assert alice.deposit("200.00").status_code == 201
    expect(screen.at("agenda-sem-fundos")).to_be_empty()
    show_month_of_soon(screen)
    screen.at("agenda-dia-marcado").click()
    expect(screen.at("agenda-dia")).to_contain_text("R$\u00a050,00")

    row.locator("a").click()
    screen.at("op-valor").fill("30")
    screen.at("op-repetir").select_option("mensal")
    screen.at("agenda-salvar").click()
    expect(row).to_contain_text("Todo mês")
    expect(row).to_contain_text("R$\u00a030,00")
    row.locator("a").click()
    screen.at("agenda-cancelar").click()
    screen.at("agenda-cancelar-sim").click()
    expect(row).to_have_count(0)
    expect(screen.page.get_by_text("Encerrados (1)")).to_be_visible()


def test_the_agenda_follows_what_the_worker_does(alice: Person, bob: Person, open_page: Opening) -> None:
    """Another device asks for it; on a day without banks it stays planned."""
    assert alice.deposit("100.00").status_code == 201
    screen = open_page(f"{alice.url}/#/agenda", alice)
    screen.wait_connected()
    due = {"tipo": "pagamento", "correntista_id": alice.account, "valor": "10.00", "descricao": "Luz"}
    assert alice.post("/agendamentos", {**due, "data": TODAY.isoformat()}).status_code == 201
    if business_days.is_business_day(TODAY):
        expect(screen.page.get_by_text("Encerrados (1)")).to_be_visible()
        expect(screen.at("agenda-passados")).to_contain_text("Luz")


def test_what_is_wrong_with_a_date_is_said_beside_it(alice: Person, bob: Person, open_page: Opening) -> None:
    screen = open_page(f"{alice.url}/#/operar/pagamento/agendar", alice)
    screen.wait_connected()
    screen.at("op-valor").fill("10")
    screen.at("op-descricao").fill("Luz")
    screen.at("op-data").fill((TODAY - timedelta(days=1)).isoformat())
    screen.at("op-continuar").click()

    expect(screen.at("erro-data")).to_contain_text("de hoje em diante")
    expect(screen.at("op-data")).to_be_focused()


def test_the_agenda_fits_a_narrow_telephone(alice: Person, bob: Person, open_page: Opening) -> None:
    due = {"tipo": "pagamento", "correntista_id": alice.account, "valor": "1000000.00", "descricao": "x" * 140}
    assert alice.post("/agendamentos", {**due, "data": SOON.isoformat(), "recorrencia": "semanal"}).status_code == 201
    screen = open_page(f"{alice.url}/#/agenda", alice, viewport={"width": 320, "height": 640})
    screen.wait_connected()
    expect(screen.at("agenda-linha")).to_have_count(1)
    show_month_of_soon(screen)
    screen.at("agenda-dia-marcado").first.click()

    assert screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
