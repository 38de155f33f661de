"""The statement as files: CSV for spreadsheets in Brazil, OFX for finance programs."""

import csv
import io
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

from flask import Blueprint, Response

from app import clock, http, names
from app.bank import accounts, queries, statement_payloads
from app.bank.file_slots import FileSlots, Slot
from app.bank.queries import Filters, Movement
from app.db import Database
from app.fields import ID_MAX
from app.users import bearer
from app.users.auth import Auth, Identity

BANK_ID = "0777"
NAME_CHARS = 32  # OFX 1.0.2, A-32
BOM = "\ufeff"
# What a spreadsheet takes for the beginning of a formula, once wide and other forms of a sign are made plain.
FORMULA_SIGNS = ("=", "+", "-", "\u2212", "@")


def blueprint(db: Database, auth: Auth, slots: FileSlots) -> Blueprint:
    routes = Blueprint("arquivos", __name__)
    requires_user = bearer.requires_user(auth)

    def file(extension: str, media_type: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return http.route(
            routes,
            "GET",
            f"/extrato/<int(max={ID_MAX}):correntista_id>.{extension}",
            query=statement_payloads.StatementQuery,
            answers={200: None},
            media_type=media_type,
        )

    @file("csv", "text/csv")
    @requires_user
    def extrato_csv(identity: Identity, correntista_id: int) -> Any:
        """O extrato para planilhas: `;`, vírgula decimal, UTF-8 com BOM."""
        statement = _asked(db, identity, correntista_id)
        return _stream(slots, identity, statement, _csv, "text/csv; charset=utf-8", "csv")

    @file("ofx", "application/x-ofx")
    @requires_user
    def extrato_ofx(identity: Identity, correntista_id: int) -> Any:
        """O extrato para programas de finanças, OFX 1.0.2; cada linha mantém sempre o mesmo FITID."""
        statement = _asked(db, identity, correntista_id)
        return _stream(slots, identity, statement, _ofx, "application/x-ofx", "ofx")

    return routes


class _Statement:
    """One account's rows as of the moment at which the file was asked for, newest first, a page in memory at a time."""

    def __init__(self, db: Database, account_id: int, query: statement_payloads.StatementQuery) -> None:
        self.account_id = account_id
        self.filters: Filters = query.filters()
        self._db = db
        newest = db.read(queries.newest, [account_id], limit=1).rows
        self.balance_cents = newest[0].balance_after_cents if newest else 0
        end = newest[0].id + 1 if newest else 1
        self._before_id = end if query.antes is None else min(end, query.antes)
        self.first_moment = self.filters.since or db.read(queries.first_moment, account_id) or clock.now()

    def rows(self, slot: Slot) -> Iterator[Movement]:
        """All of them, however many. Keeps the slot while it goes on."""
        before_id: int | None = self._before_id
        while before_id is not None:
            page = self._db.read(
                queries.statement,
                self.account_id,
                limit=queries.PAGE_ROWS_MAX,
                before_id=before_id,
                filters=self.filters,
            )
            yield from page.rows
            before_id = page.next_before_id
            slot.keep()
            time.sleep(0)  # whoever else is served by this node gets a turn


def _asked(db: Database, identity: Identity, account_id: int) -> _Statement:
    query = http.read_query(statement_payloads.StatementQuery)
    db.read(accounts.owned, account_id, identity.user_id)
    return _Statement(db, account_id, query)


def _stream(
    slots: FileSlots,
    identity: Identity,
    statement: _Statement,
    write: Callable[[_Statement, Iterable[Movement]], Iterator[str]],
    media_type: str,
    extension: str,
) -> Response:
    """The file as it is being written. It ends, and frees its slot, with the last row or when the client hangs up."""
    slot = slots.take(identity.user_id)

    def parts() -> Iterator[bytes]:
        try:
            for part in write(statement, statement.rows(slot)):
                yield part.encode()
        finally:
            slot.free()

    answer = Response(parts(), content_type=media_type)
    answer.call_on_close(slot.free)  # also where nothing of it was asked for
    answer.headers["Content-Disposition"] = f'attachment; filename="extrato-{statement.account_id}.{extension}"'
    return answer


def _csv(statement: _Statement, rows: Iterable[Movement]) -> Iterator[str]:
    yield BOM + _csv_line("Data", "Hora", "Tipo", "Descrição", "De/Para", "Valor", "Saldo", "Movimentação")
    for row in rows:
        local = row.moved_at.astimezone(clock.ZONE)
        yield _csv_line(
            f"{local:%d/%m/%Y}",
            f"{local:%H:%M:%S}",
            "Crédito" if row.amount_cents > 0 else "Débito",
            harmless(row.description),
            harmless(row.counterpart_name or ""),
            _decimal_comma(row.amount_cents),
            _decimal_comma(row.balance_after_cents),
            str(row.id),
        )


def _csv_line(*cells: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def harmless(text: str) -> str:
    """A cell that a spreadsheet may take for a formula starts with an apostrophe.

    Spreadsheets pass over what is invisible in front of a sign, and some take a wide sign for the plain one.
    """
    seen = next((char for char in text if _has_ink(char)), "")
    if unicodedata.normalize("NFKC", seen).startswith(FORMULA_SIGNS) or text.startswith(("\t", "\r", "\n")):
        return f"'{text}"
    return text


def _has_ink(char: str) -> bool:
    # Some letters and symbols have none either, such as the Hangul filler and the blank of Braille.
    return unicodedata.category(char)[0] not in "CMZ" and not names.has_hidden(char)


def _decimal_comma(cents: int) -> str:
    reais, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{reais:,}".replace(",", ".") + f",{rest:02d}"


def _ofx(statement: _Statement, rows: Iterable[Movement]) -> Iterator[str]:
    now = clock.now()
    yield (
        "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nSECURITY:NONE\r\nENCODING:UTF-8\r\nCHARSET:NONE\r\n"
        "COMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n"
        "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
        f"<DTSERVER>{_ofx_time(now)}</DTSERVER><LANGUAGE>POR</LANGUAGE></SONRS></SIGNONMSGSRSV1>\r\n"
        "<BANKMSGSRSV1><STMTTRNRS><TRNUID>0</TRNUID><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
        f"<STMTRS><CURDEF>BRL</CURDEF><BANKACCTFROM><BANKID>{BANK_ID}</BANKID><ACCTID>{statement.account_id}</ACCTID>"
        "<ACCTTYPE>CHECKING</ACCTTYPE></BANKACCTFROM>\r\n"
        f"<BANKTRANLIST><DTSTART>{_ofx_time(statement.first_moment)}</DTSTART><DTEND>{_ofx_time(now)}</DTEND>\r\n"
    )
    for row in rows:
        yield (
            f"<STMTTRN><TRNTYPE>{'CREDIT' if row.amount_cents > 0 else 'DEBIT'}</TRNTYPE>"
            f"<DTPOSTED>{_ofx_time(row.moved_at)}</DTPOSTED><TRNAMT>{_decimal_point(row.amount_cents)}</TRNAMT>"
            f"<FITID>{row.id}</FITID><NAME>{escape((row.counterpart_name or row.description)[:NAME_CHARS])}</NAME>"
            f"<MEMO>{escape(row.description)}</MEMO></STMTTRN>\r\n"
        )
    yield (
        f"</BANKTRANLIST><LEDGERBAL><BALAMT>{_decimal_point(statement.balance_cents)}</BALAMT>"
        f"<DTASOF>{_ofx_time(now)}</DTASOF></LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\r\n"
    )


def _ofx_time(moment: datetime) -> str:
    """On the bank's clock, since many programs read no more than the day; with the offset of that time of the year."""
    local = moment.astimezone(clock.ZONE)
    offset = local.utcoffset() or timedelta()
    return f"{local:%Y%m%d%H%M%S}[{round(offset / timedelta(hours=1), 2):g}:{'BRST' if local.dst() else 'BRT'}]"


def _decimal_point(cents: int) -> str:
    reais, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{reais}.{rest:02d}"
