"""The statement: filtered, grouped, endless, alive, and as files."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from playwright.sync_api import expect

from app.db import Database
from tests.browser.conftest import Opening, Screen
from tests.integration.customers import Customer
from tests.integration.history import add_history
from tests.support.cluster import Cluster
from tests.support.people import Person, in_parallel

MANY = 130


def open_statement(open_page: Opening, person: Person) -> Screen:
    screen = open_page(person.url, person)
    screen.wait_connected()
    screen.go(f"extrato/{person.account}")
    screen.at("extrato").get_by_test_id("extrato-linha").first.wait_for()
    return screen


def scroll_to_the_end(screen: Screen) -> None:
    """From row to row: how far a wheel has turned, and whether it still turns, is the machine's affair."""

    def is_at_the_end() -> bool:
        screen.at("extrato-linha").last.scroll_into_view_if_needed()
        return screen.page.get_by_text("Você chegou ao começo.").is_visible()

    screen.until(is_at_the_end, "the end of the statement")


def cents(text: str) -> int:
    """`− R$ 1.234,56` as centavos."""
    value = int(re.sub(r"\D", "", text))
    return -value if "−" in text else value


def test_it_is_filtered_by_kind_text_and_period(alice: Person, bob: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    assert alice.pay("10.00", "Conta de luz").status_code == 201
    assert alice.pay("20.00", "Padaria do bairro").status_code == 201
    assert alice.transfer(bob, "5.00").status_code == 201
    screen = open_statement(open_page, alice)
    rows = screen.at("extrato-linha")
    expect(rows).to_have_count(4)
    screen.at("extrato-tipo").select_option("credito")
    expect(rows).to_have_count(1)
    screen.at("extrato-tipo").select_option("debito")
    expect(rows).to_have_count(3)
    screen.at("extrato-texto").fill("padaria")
    expect(rows).to_have_count(1)
    screen.at("extrato-texto").fill("pereira")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Bob Pereira")
    screen.at("extrato-texto").fill("")
    screen.at("extrato-tipo").select_option("")
    screen.at("extrato-periodo").select_option("7")
    expect(rows).to_have_count(4)
    screen.at("extrato-periodo").select_option("livre")
    screen.at("extrato-ate").fill("2020-01-01")
    expect(rows).to_have_count(0)
    expect(screen.page.get_by_text("Nenhuma movimentação")).to_be_visible()


def test_it_goes_on_for_ever_with_a_balance_that_runs(alice: Person, open_page: Opening) -> None:
    answers = in_parallel([lambda: alice.deposit("1.50")] * MANY, 4)
    assert {answer.status_code for answer in answers} == {201}
    screen = open_statement(open_page, alice)
    rows = screen.at("extrato-linha")
    scroll_to_the_end(screen)
    expect(rows).to_have_count(MANY)
    expect(screen.page.get_by_role("heading", name="Hoje")).to_be_visible()
    amounts = [cents(text) for text in rows.locator("b.in").all_inner_texts()]
    balances = [cents(text) for text in rows.locator(".row-sums small").all_inner_texts()]
    assert all(
        now == before + amount for now, amount, before in zip(balances, amounts, [*balances[1:], 0], strict=True)
    )


def test_new_rows_slide_in_on_top_when_they_fit_the_filter(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    screen = open_statement(open_page, alice)
    rows = screen.at("extrato-linha")
    assert alice.pay("10.00", "Cinema").status_code == 201
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Cinema")
    expect(rows.first).to_have_class(re.compile("is-fresh"))
    expect(screen.at("extrato-saldo")).to_have_text("R$\u00a090,00")
    screen.at("extrato-tipo").select_option("credito")
    expect(rows).to_have_count(1)
    assert alice.pay("10.00", "Teatro").status_code == 201
    assert alice.deposit("1.00").status_code == 201
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Depósito")


def test_focus_stays_where_it_is_when_rows_arrive(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("100.00").status_code == 201
    screen = open_statement(open_page, alice)
    link = screen.at("extrato-linha").first.locator("a")
    link.focus()
    assert alice.deposit("5.00").status_code == 201
    expect(screen.at("extrato-linha")).to_have_count(2)
    expect(screen.at("extrato-linha").nth(1).locator("a")).to_be_focused()


def test_it_is_downloaded_for_spreadsheets_and_finance_programs(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("1234.56").status_code == 201
    assert alice.pay("34.56", "Conta de luz; água").status_code == 201
    screen = open_statement(open_page, alice)
    with screen.page.expect_download() as download:
        screen.at("extrato-csv").click()
    csv = download.value.path().read_bytes()
    assert csv.startswith(b"\xef\xbb\xbf")
    assert "1.234,56" in csv.decode("utf-8-sig")
    assert '"Conta de luz; água"' in csv.decode("utf-8-sig")
    with screen.page.expect_download() as download:
        screen.at("extrato-ofx").click()
    ofx = download.value.path().read_text(errors="replace")
    amounts = {Decimal(value) for value in re.findall(r"<TRNAMT>(-?[\d.]+)", ofx)}
    assert amounts == {Decimal("1234.56"), Decimal("-34.56")}
    assert download.value.suggested_filename.endswith(".ofx")


def test_a_download_holds_what_the_filter_shows(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("10.00").status_code == 201
    assert alice.pay("3.00", "Cinema").status_code == 201
    screen = open_statement(open_page, alice)
    screen.at("extrato-tipo").select_option("debito")
    expect(screen.at("extrato-linha")).to_have_count(1)
    with screen.page.expect_download() as download:
        screen.at("extrato-csv").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert "Cinema" in text
    assert "Depósito" not in text


def test_a_period_that_ends_before_it_begins_is_told_in_plain_words(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("10.00").status_code == 201
    screen = open_statement(open_page, alice)
    screen.at("extrato-periodo").select_option("livre")
    screen.at("extrato-de").fill("2026-02-02")
    screen.at("extrato-ate").fill("2026-01-01")
    expect(screen.page.get_by_text("O período termina antes de começar.", exact=True)).to_be_visible()


def day_sums(screen: Screen) -> list[int]:
    return [cents(text) for text in screen.at("extrato-dia-soma").all_inner_texts()]


def test_a_day_s_sum_is_of_all_its_rows_and_stays_while_scrolling(alice: Person, open_page: Opening) -> None:
    answers = in_parallel([lambda: alice.deposit("1.50")] * MANY, 4)
    assert {answer.status_code for answer in answers} == {201}
    assert alice.pay("5.00", "Café").status_code == 201
    screen = open_statement(open_page, alice)
    rows, total = screen.at("extrato-linha"), screen.at("extrato-dia-soma").first
    expect(total).to_have_text("+ R$\u00a0190,00")
    assert rows.count() < MANY
    rows.last.scroll_into_view_if_needed()
    rows.nth(70).wait_for()
    assert day_sums(screen) == [190_00]
    assert alice.deposit("2.00").status_code == 201
    expect(total).to_have_text("+ R$\u00a0192,00")
    screen.at("extrato-tipo").select_option("debito")
    expect(rows).to_have_count(1)
    expect(total).to_have_text("− R$\u00a05,00")
    screen.at("extrato-tipo").select_option("")
    screen.at("extrato-texto").fill("1,50")
    expect(total).to_have_text("+ R$\u00a0195,00")


def test_a_search_finds_words_and_amounts_among_rows_that_come_alone_too(alice: Person, open_page: Opening) -> None:
    assert alice.deposit("5000.00").status_code == 201
    assert alice.pay("12.50", "Padaria São João").status_code == 201
    assert alice.pay("1234.56", "Aluguel").status_code == 201
    screen = open_statement(open_page, alice)
    rows, search = screen.at("extrato-linha"), screen.at("extrato-texto")
    for typed in ("SAO JOAO", "12,50", "12.5", "padaria são"):
        search.fill(typed)
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("Padaria São João")
    for typed in ("1.234,56", "R$ 1234,56", "1.234"):
        search.fill(typed)
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("Aluguel")
    search.fill("sao")
    expect(rows).to_have_count(1)
    assert alice.pay("1.00", "Luz").status_code == 201
    assert alice.pay("2.00", "SÃO PAULO").status_code == 201
    expect(rows).to_have_count(2)
    search.fill("sao ")
    expect(rows).to_have_count(2)
    screen.page.reload()
    search.fill("sao")
    expect(rows).to_have_count(2)


def test_a_day_is_the_bank_s_in_any_zone(cluster: Cluster, alice: Person, open_page: Opening) -> None:
    db = Database(cluster.database())
    customer = Customer(db, alice.id, alice.account, alice.name)
    midnight = datetime(2026, 3, 10, 3, tzinfo=UTC)
    for moment in (midnight - timedelta(seconds=1), midnight):
        add_history(customer, 1, until=moment)
    db.dispose()
    screen = open_page(alice.url, alice, timezone_id="Asia/Tokyo")
    screen.wait_connected()
    screen.go(f"extrato/{alice.account}")
    rows = screen.at("extrato-linha")
    expect(rows).to_have_count(2)
    expect(screen.page.locator(".day-name")).to_have_text([re.compile("10 de março"), re.compile("9 de março")])
    screen.at("extrato-periodo").select_option("livre")
    screen.at("extrato-de").fill("2026-03-10")
    screen.at("extrato-ate").fill("2026-03-10")
    expect(rows).to_have_count(1)
    expect(rows.locator("small").first).to_contain_text("12:00")
    with screen.page.expect_download() as download:
        screen.at("extrato-csv").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert [line[:19] for line in text.splitlines()[1:]] == ["10/03/2026;00:00:00"]
