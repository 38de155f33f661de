"""The receipt as a one-page PDF."""

from zoneinfo import ZoneInfo

from fpdf import FPDF

from app import money
from app.bank import payloads
from app.bank.receipts import ReceiptView, grouped

ZONE = ZoneInfo("America/Sao_Paulo")
INK, FAINT, ACCENT = (24, 34, 31), (98, 112, 107), (0, 110, 84)
MARGIN_MM = 22
LABEL_MM = 48
LINE_MM = 9


def render(view: ReceiptView, *, verify_url: str) -> bytes:
    """The same bytes for the same receipt and address."""
    pdf = FPDF(format="A5")
    pdf.set_creation_date(view.made_at)
    pdf.set_title(f"Comprovante {view.operation_id}")
    pdf.set_lang("pt-BR")
    pdf.set_margins(MARGIN_MM, MARGIN_MM)
    pdf.add_page()
    _head(pdf, view)
    for label, value in _rows(view):
        _row(pdf, label, value)
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
    pdf.set_font("Helvetica", "B", 13)
    pdf.cell(0, 8, "Saldo Vivo", new_x="LMARGIN", new_y="NEXT")
    pdf.set_text_color(*FAINT)
    pdf.set_font("Helvetica", "", 10)
    pdf.cell(0, 6, _plain(f"Comprovante de {payloads.label(view.kind).lower()}"), new_x="LMARGIN", new_y="NEXT")
    pdf.ln(6)
    pdf.set_text_color(*INK)
    pdf.set_font("Helvetica", "B", 22)
    pdf.cell(0, 12, money.to_text(view.amount_cents), new_x="LMARGIN", new_y="NEXT")
    pdf.ln(4)


def _row(pdf: FPDF, label: str, value: str) -> None:
    pdf.set_font("Helvetica", "", 9)
    pdf.set_text_color(*FAINT)
    pdf.cell(LABEL_MM - MARGIN_MM, LINE_MM, _plain(label))
    pdf.set_text_color(*INK)
    pdf.multi_cell(0, LINE_MM, _plain(value), new_x="LMARGIN", new_y="NEXT")


def _proof(pdf: FPDF, view: ReceiptView, verify_url: str) -> None:
    pdf.ln(6)
    pdf.set_draw_color(*FAINT)
    pdf.line(MARGIN_MM, pdf.get_y(), pdf.w - MARGIN_MM, pdf.get_y())
    pdf.ln(4)
    _row(pdf, "Verificação", grouped(view.code))
    pdf.set_font("Helvetica", "", 8)
    pdf.set_text_color(*FAINT)
    pdf.multi_cell(0, 5, _plain(f"Confirme este comprovante em {verify_url}"))


def _plain(text: str) -> str:
    """The letters that the PDF's built-in fonts have; others become a question mark."""
    return text.encode("latin-1", "replace").decode("latin-1")
