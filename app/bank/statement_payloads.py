"""What asks for statements and sums, and the sums."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from typing_extensions import TypedDict

from app import clock, money
from app.bank.queries import PAGE_ROWS_MAX, Filters
from app.bank.totals import Summary, Totals
from app.fields import ID_MAX, Query
from app.search import search

PAGE_ROWS = 50


def _moment(value: str) -> str:
    try:
        clock.day_of(_end(value) - timedelta(microseconds=1))
    except (ValueError, OverflowError):
        raise ValueError("não é uma data válida") from None
    return value


Moment = Annotated[
    str,
    Field(max_length=40, description="Dia (em America/Sao_Paulo) ou momento ISO 8601."),
    AfterValidator(_moment),
]
Before = Annotated[int, Field(ge=1, le=ID_MAX)]


class Page(Query):
    limite: Annotated[int, Field(ge=1, le=PAGE_ROWS_MAX)] = PAGE_ROWS
    antes: Before | None = None


class FilterQuery(Query):
    de: Moment | None = None
    ate: Moment | None = None
    tipo: Literal["credito", "debito"] | None = None
    texto: Annotated[str, Field(max_length=100)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "FilterQuery":
        filters = self.filters()
        if filters.since and filters.until and filters.since >= filters.until:
            raise ValueError("O período termina antes de começar")
        return self

    def filters(self) -> Filters:
        return Filters(
            _start(self.de) if self.de else None,
            _end(self.ate) if self.ate else None,
            None if self.tipo is None else self.tipo == "credito",
            search(self.texto) if self.texto else None,
        )


class StatementQuery(FilterQuery, Page):
    """One page of a filtered statement."""


class TotalsQuery(FilterQuery):
    antes: Before | None = None


def _is_day(value: str) -> bool:
    return len(value) <= len("2026-01-01")


def _start(value: str) -> datetime:
    """A day means its beginning; a moment, which is in UTC when it does not say, means itself."""
    if _is_day(value):
        return clock.day_start(date.fromisoformat(value))
    moment = datetime.fromisoformat(value.replace(" ", "+"))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _end(value: str) -> datetime:
    """A day means its end; a moment means itself."""
    return clock.day_end(date.fromisoformat(value)) if _is_day(value) else _start(value)


class DayOut(TypedDict):
    dia: str
    entrou: float
    saiu: float


class TotalsOut(TypedDict):
    dias: list[DayOut]
    # The newest entry of the account that is counted.
    ate_movimentacao: int


class ClosingOut(TypedDict):
    dia: str
    saldo: float


class CountedOut(TypedDict):
    CorrentistaID: int
    ate_movimentacao: int


class SummaryOut(TypedDict):
    mes: str
    entrou: float
    saiu: float
    saldos: list[ClosingOut]
    contas: list[CountedOut]
    desde: str | None


def totals(sums: Totals) -> TotalsOut:
    return {
        "dias": [
            {
                "dia": day.day.isoformat(),
                "entrou": money.to_json(day.in_cents),
                "saiu": money.to_json(day.out_cents),
            }
            for day in sums.days
        ],
        "ate_movimentacao": sums.last_entry_id,
    }


def summary(sums: Summary) -> SummaryOut:
    return {
        "mes": f"{sums.month:%Y-%m}",
        "entrou": money.to_json(sums.in_cents),
        "saiu": money.to_json(sums.out_cents),
        "saldos": [{"dia": day.isoformat(), "saldo": money.to_json(cents)} for day, cents in sums.closings],
        "contas": [{"CorrentistaID": i, "ate_movimentacao": last} for i, last in sums.last_entry_ids.items()],
        "desde": clock.iso(sums.since) if sums.since else None,
    }
