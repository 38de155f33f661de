"""The receipt as a one-page PDF. It tells what both sides may know: never a balance."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from fpdf import FPDF
from gevent import get_hub

from app import deadline, money
from app.bank import payloads, receipt_qr
from app.bank.pdf_fonts import FAMILY, Letters
from app.bank.receipts import ReceiptView, grouped
from app.gate import Gate

ZONE = ZoneInfo("America/Sao_Paulo")
INK, FAINT, ACCENT = (24, 34, 31), (98, 112, 107), (0, 110, 84)
MARGIN_MM = 22
LABEL_MM = 48
LINE_MM = 7
QR_MM = 30
# 30 ms of work each, 400 ms for letters that are rare.
AT_ONCE_MAX = 2
WAITING_MAX = 16
RETRY_AFTER_S = 2

_gate = Gate("receipts", at_once_max=AT_ONCE_MAX, waiting_max=WAITING_MAX, retry_after_s=RETRY_AFTER_S)


def render(view: ReceiptView, *, verify_url: str, is_gone: Callable[[], bool] = lambda: False) -> bytes:
    """The same bytes for the same receipt and address; made beside the hub, so that the node does not wait for it.

    Raises Overloaded and ClientGone (see `Gate`).
    """
    with _gate.enter(until=deadline.ends_at(), is_gone=is_gone):
        made: bytes = get_hub().threadpool.apply(_render, (view, verify_url))
    return made


def _render(view: ReceiptView, verify_url: str) -> bytes:
    pdf = FPDF(format=(148, 210))
    pdf.set_creation_date(view.made_at)
    pdf.set_title(f"Comprovante {view.operation_id}")
    pdf.set_lang("pt-BR")
    pdf.set_margins(MARGIN_MM, MARGIN_MM)
    rows = _rows(view)
    with Letters(pdf, (value for _, value in rows)) as letters:
        pdf.add_page()
        _head(pdf, view)
        for label, value in rows:
            _row(pdf, label, letters.known(value))
        _proof(pdf, view, verify_url)
        return bytes(pdf.output())


def _rows(view: ReceiptView) -> list[tuple[str, str]]:
    made_at = view.made_at.astimezone(ZONE)
    rows = [("Data", f"{made_at:%d/%m/%Y às %H:%M:%S} (horário de Brasília)")]
    if view.source_name:
        rows.append(("De", f"{view.source_name} (conta {view.source_id})"))
    if view.target_name:
        rows.append(("Para", f"{view.target_name} (conta {view.target_id})"))
    return [*rows, ("Descrição", view.description), ("Operação", str(view.operation_id))]


def _head(pdf: FPDF, view: ReceiptView) -> None:
    pdf.set_text_color(*ACCENT)
    pdf.set_font(FAMILY, "B", 13)
    pdf.cell(0, 8, "Saldo Vivo", new_x="LMARGIN", new_y="NEXT")
    pdf.set_text_color(*FAINT)
    pdf.set_font(FAMILY, "", 10)
    pdf.cell(0, 6, f"Comprovante de {payloads.label(view.kind).lower()}", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(6)
    pdf.set_text_color(*INK)
    pdf.set_font(FAMILY, "B", 22)
    pdf.cell(0, 12, money.to_text(view.amount_cents), new_x="LMARGIN", new_y="NEXT")
    pdf.ln(4)


def _row(pdf: FPDF, label: str, value: str) -> None:
    pdf.set_font(FAMILY, "", 9)
    pdf.set_text_color(*FAINT)
    pdf.cell(LABEL_MM - MARGIN_MM, LINE_MM, label)
    pdf.set_text_color(*INK)
    pdf.multi_cell(0, LINE_MM, value, align="L", new_x="LMARGIN", new_y="NEXT")


def _proof(pdf: FPDF, view: ReceiptView, verify_url: str) -> None:
    pdf.ln(4)
    pdf.set_draw_color(*FAINT)
    pdf.line(MARGIN_MM, pdf.get_y(), pdf.w - MARGIN_MM, pdf.get_y())
    pdf.ln(4)
    top, left = pdf.get_y(), MARGIN_MM + QR_MM + 6
    _draw_code(pdf, verify_url, MARGIN_MM, top)
    pdf.set_left_margin(left)
    pdf.set_xy(left, top)
    pdf.set_font(FAMILY, "", 9)
    pdf.set_text_color(*FAINT)
    pdf.cell(0, 5, "Código de verificação", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(FAMILY, "B", 10)
    pdf.set_text_color(*INK)
    pdf.cell(0, 7, grouped(view.code), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(FAMILY, "", 8)
    pdf.set_text_color(*FAINT)
    pdf.multi_cell(0, 4.5, f"Aponte a câmera para o código, ou confirme este comprovante em {verify_url}", align="L")


def _draw_code(pdf: FPDF, address: str, left: float, top: float) -> None:
    drawn = receipt_qr.rows(address)
    module = QR_MM / len(drawn)
    pdf.set_fill_color(0, 0, 0)
    for row, stretches in enumerate(drawn):
        for start, length in stretches:
            # A hair higher than a module, or some screens show white lines between the rows.
            pdf.rect(left + start * module, top + row * module, length * module, module * 1.02, style="F")
