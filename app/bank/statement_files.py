"""The statement as files: CSV for spreadsheets in Brazil, OFX for finance programs."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from flask import Blueprint, Response

from app import clock, door
from app.bank import accounts, payloads, queries
from app.bank.accounts import AccountState
from app.bank.queries import Movement
from app.db import Database
from app.fields import ID_MAX
from app.users.auth import Auth, Identity

ROWS_MAX = 50_000
BANK_ID = "0777"
NAME_CHARS = 32  # OFX 1.0.2, A-32
ZONE = ZoneInfo("America/Sao_Paulo")
BOM = "\ufeff"


def blueprint(auth: Auth) -> Blueprint:
    routes = Blueprint("arquivos", __name__)
    db = auth.db

    def file(extension: str, media_type: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return door.route(
            routes,
            "GET",
            f"/extrato/<int(max={ID_MAX}):correntista_id>.{extension}",
            query=payloads.StatementQuery,
            answers={200: None},
            media_type=media_type,
        )

    @file("csv", "text/csv")
    @auth.requires_user
    def extrato_csv(identity: Identity, correntista_id: int) -> Any:
        """O extrato para planilhas: `;`, vírgula decimal, UTF-8 com BOM."""
        account, rows = _statement(db, identity, correntista_id)
        return _download("".join(_csv(rows)), "text/csv; charset=utf-8", f"extrato-{account.id}.csv")

    @file("ofx", "application/x-ofx")
    @auth.requires_user
    def extrato_ofx(identity: Identity, correntista_id: int) -> Any:
        """O extrato para programas de finanças, OFX 1.0.2; cada linha mantém sempre o mesmo FITID."""
        account, rows = _statement(db, identity, correntista_id)
        return _download("".join(_ofx(account, list(rows))), "application/x-ofx", f"extrato-{account.id}.ofx")

    return routes


def _statement(db: Database, identity: Identity, account_id: int) -> tuple[AccountState, Iterator[Movement]]:
    query = door.read_query(payloads.StatementQuery)
    account = db.read(accounts.owned, account_id, identity.user_id)
    return account, _all_rows(db, account_id, query)


def _all_rows(db: Database, account_id: int, query: payloads.StatementQuery) -> Iterator[Movement]:
    """Newest first, ROWS_MAX at the most, read in pages."""
    before, count = query.antes, 0
    while count < ROWS_MAX:
        page = db.read(
            queries.movements,
            [account_id],
            limit=queries.PAGE_ROWS_MAX,
            before_id=before,
            filters=query.filters(),
        )
        yield from page
        if len(page) < queries.PAGE_ROWS_MAX:
            return
        before, count = page[-1].id, count + len(page)


def _download(text: str, media_type: str, name: str) -> Response:
    answer = Response(text.encode(), content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _csv(rows: Iterator[Movement]) -> Iterator[str]:
    yield BOM
    yield _csv_line("Data", "Hora", "Tipo", "Descrição", "De/Para", "Valor", "Saldo", "Movimentação")
    for row in rows:
        local = row.moved_at.astimezone(ZONE)
        yield _csv_line(
            f"{local:%d/%m/%Y}",
            f"{local:%H:%M:%S}",
            "Crédito" if row.amount_cents > 0 else "Débito",
            _harmless(row.description),
            _harmless(row.counterpart_name or ""),
            _decimal_comma(row.amount_cents),
            _decimal_comma(row.balance_after_cents),
            str(row.id),
        )


def _csv_line(*cells: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def _harmless(text: str) -> str:
    """A cell that a spreadsheet would take for a formula starts with an apostrophe."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _decimal_comma(cents: int) -> str:
    reais, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{reais:,}".replace(",", ".") + f",{rest:02d}"


def _ofx(account: AccountState, rows: list[Movement]) -> Iterator[str]:
    now = clock.now()
    first = rows[-1].moved_at if rows else now
    yield (
        "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nSECURITY:NONE\r\nENCODING:UTF-8\r\nCHARSET:NONE\r\n"
        "COMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n"
        "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
        f"<DTSERVER>{_ofx_time(now)}</DTSERVER><LANGUAGE>POR</LANGUAGE></SONRS></SIGNONMSGSRSV1>\r\n"
        "<BANKMSGSRSV1><STMTTRNRS><TRNUID>0</TRNUID><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
        f"<STMTRS><CURDEF>BRL</CURDEF><BANKACCTFROM><BANKID>{BANK_ID}</BANKID><ACCTID>{account.id}</ACCTID>"
        "<ACCTTYPE>CHECKING</ACCTTYPE></BANKACCTFROM>\r\n"
        f"<BANKTRANLIST><DTSTART>{_ofx_time(first)}</DTSTART><DTEND>{_ofx_time(now)}</DTEND>\r\n"
    )
    for row in rows:
        yield (
            f"<STMTTRN><TRNTYPE>{'CREDIT' if row.amount_cents > 0 else 'DEBIT'}</TRNTYPE>"
            f"<DTPOSTED>{_ofx_time(row.moved_at)}</DTPOSTED><TRNAMT>{_decimal_point(row.amount_cents)}</TRNAMT>"
            f"<FITID>{row.id}</FITID><NAME>{escape((row.counterpart_name or row.description)[:NAME_CHARS])}</NAME>"
            f"<MEMO>{escape(row.description)}</MEMO></STMTTRN>\r\n"
        )
    yield (
        f"</BANKTRANLIST><LEDGERBAL><BALAMT>{_decimal_point(account.balance_cents)}</BALAMT>"
        f"<DTASOF>{_ofx_time(now)}</DTASOF></LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\r\n"
    )


def _ofx_time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%S}[0:GMT]"


def _decimal_point(cents: int) -> str:
    reais, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{reais}.{rest:02d}"
