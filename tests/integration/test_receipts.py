"""Receipts: proof for both sides, never a balance, in letters of any alphabet."""

import io
import logging
import unicodedata
from datetime import UTC, datetime
from typing import Any

import pypdf
import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from app.bank import payloads, pdf_fonts, receipt_payloads, receipt_pdf, receipt_qr, receipts
from app.bank.receipts import ReceiptView
from app.db import Database
from app.errors import ClientGone, Overloaded
from app.gate import Gate
from tests.integration.customers import new_customer

URL = "https://banco.example/#/verificar/ABCD-EFGH-JKLM-NPQR"
NAMES = [
    "João da Conceição",
    "Łukasz Żółć",
    "Νίκος Παπαδόπουλος",
    "Иван Петров",
    "Nguyễn Thị Hạnh",
    "अमित शर्मा",
    "王小明",
    "김철수",
]


def view_of(**changes: object) -> ReceiptView:
    usual = ReceiptView(
        operation_id=41,
        kind=payloads.TRANSFER,
        amount_cents=123_456,
        description="Almoço",
        made_at=datetime(2026, 11, 25, 12, 30, tzinfo=UTC),
        source_id=1,
        source_name="Alice Souza",
        target_id=2,
        target_name="Bob Pereira",
        code="ABCDEFGHJKLMNPQR",
    )
    return ReceiptView(**{**{name: getattr(usual, name) for name in usual.__slots__}, **changes})


def text_of(view: ReceiptView) -> str:
    pdf = pypdf.PdfReader(io.BytesIO(receipt_pdf.render(view, verify_url=URL)))
    assert len(pdf.pages) == 1
    # Letters with marks may be read as two.
    return unicodedata.normalize("NFC", pdf.pages[0].extract_text())


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_alphabet_is_on_the_pdf_with_its_font(name: str) -> None:
    made = receipt_pdf.render(view_of(target_name=name), verify_url=URL)
    text = text_of(view_of(target_name=name))
    assert unicodedata.normalize("NFC", name) in text
    assert "Alice Souza (conta 1)" in text
    resources: Any = pypdf.PdfReader(io.BytesIO(made)).pages[0]["/Resources"]
    for font in resources["/Font"].values():
        descendant = font.get_object()["/DescendantFonts"][0].get_object()
        assert "/FontFile2" in descendant["/FontDescriptor"].get_object()


class Heard(logging.Handler):
    """What the library complains about."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@settings(max_examples=30)
@given(st.text(st.characters(max_codepoint=0xFFFF, categories=["L", "N", "P"]), min_size=1, max_size=3))
def test_no_letter_is_without_a_font(letters: str) -> None:
    library, heard = logging.getLogger("fpdf"), Heard()
    library.addHandler(heard)
    receipt_pdf.render(view_of(source_name=letters), verify_url=URL)
    library.removeHandler(heard)
    assert [message for message in heard.messages if "missing" in message] == []


def test_what_no_font_has_is_marked() -> None:
    assert f"Pão {pdf_fonts.MISSING}" in text_of(view_of(description="Pão \U00020000"))


def test_the_pdf_has_the_code_as_text_and_stays_small() -> None:
    text = text_of(view_of())
    assert "ABCD-EFGH-JKLM-NPQR" in text
    assert "R$ 1.234,56" in text
    assert "Saldo" not in text.replace("Saldo Vivo", "")
    assert len(receipt_pdf.render(view_of(), verify_url=URL)) < 40_000


def test_the_same_receipt_makes_the_same_pdf() -> None:
    first, second = (receipt_pdf.render(view_of(), verify_url=URL) for _ in range(2))
    assert first == second


def test_nothing_is_drawn_for_who_has_hung_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipt_pdf, "_render", pytest.fail)
    with pytest.raises(ClientGone):
        receipt_pdf.render(view_of(), verify_url=URL, is_gone=lambda: True)


def test_the_queue_for_pdfs_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < receipt_pdf.WAITING_MAX <= 20
    full = Gate("trial", at_once_max=1, waiting_max=0, retry_after_s=receipt_pdf.RETRY_AFTER_S)
    monkeypatch.setattr(receipt_pdf, "_gate", full)
    with full.enter(until=0), pytest.raises(Overloaded) as refused:
        receipt_pdf.render(view_of(), verify_url=URL)
    assert refused.value.retry_after_s == receipt_pdf.RETRY_AFTER_S
    assert receipt_pdf.render(view_of(), verify_url=URL)


def test_the_drawn_code_is_the_address() -> None:
    drawn = receipt_qr.rows(URL)
    expected = segno.make(URL, error="m", micro=False).matrix
    again = [
        [any(start <= column < start + length for start, length in row) for column in range(len(drawn))]
        for row in drawn
    ]
    assert again == [[bool(module) for module in row] for row in expected]
    assert receipt_qr.picture(URL).startswith("data:image/svg+xml")


def test_a_receipt_tells_both_sides_and_no_balance(database: Database) -> None:
    alice, bob = new_customer(database, "Alice Souza", cents=5_000), new_customer(database, "Bob Pereira")
    operation = alice.transfer(bob, 1_000, "Café")["operacao_id"]
    views = [database.transact(receipts.of_operation, operation, who.id) for who in (alice, bob)]
    assert views[0] == views[1]
    proof = receipt_payloads.proof(views[0], address=URL, picture="data:")
    assert (proof["valor"], proof["descricao"], proof["tipo"]) == (10.0, "Café", "transferencia")
    assert proof["origem"] == {"CorrentistaID": alice.account, "Titular": "Alice Souza"}
    assert proof["destino"] == {"CorrentistaID": bob.account, "Titular": "Bob Pereira"}
    assert not {name for name in proof if "saldo" in name.lower()}
    assert database.read(receipts.by_code, proof["codigo"]).operation_id == operation
