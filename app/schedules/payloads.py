"""What clients send and see of schedules, in the words of the contract."""

import re
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Annotated, Literal, NotRequired

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from typing_extensions import TypedDict

from app import clock, money
from app.fields import Body, Cents, Description, Id, Query
from app.schedules import business_days
from app.schedules.projection import Planned
from app.schedules.schedule import PAYMENT, Dates, Order, Run, Schedule

DAYS_MAX = 60
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(value: object) -> object:
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError("deve ser uma data como 2026-12-24")


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Recurrence = Literal["unica", "semanal", "mensal"]


class ScheduleDates(Body):
    """What can be changed of a schedule. `data` is the next date."""

    valor: Cents
    descricao: Description | None = None
    data: Day
    recorrencia: Recurrence = "unica"
    ate: Day | None = None

    def dates(self) -> Dates:
        return Dates(self.data, self.recorrencia, self.ate)


class NewSchedule(ScheduleDates):
    """Accounts are named as in the bank's own routes: `correntista_id` for a payment, the others for a transfer."""

    tipo: Literal["transferencia", "pagamento"]
    correntista_id: Id | None = None
    correntista_id_origem: Id | None = None
    correntista_id_destino: Id | None = None

    @model_validator(mode="after")
    def _has_accounts(self) -> "NewSchedule":
        needed = ("correntista_id",) if self.tipo == PAYMENT else ("correntista_id_origem", "correntista_id_destino")
        missing = next((name for name in needed if getattr(self, name) is None), None)
        if missing:
            raise ValueError(f"{missing}: é obrigatório")
        return self

    def order(self, user_id: int) -> Order:
        is_payment = self.tipo == PAYMENT
        source = self.correntista_id if is_payment else self.correntista_id_origem
        assert source is not None, "validated above"
        target = None if is_payment else self.correntista_id_destino
        return Order(self.tipo, user_id, self.valor, self.descricao or "", source, target)


class ProjectionQuery(Query):
    correntista_id: Annotated[int, Field(ge=1)] | None = None
    dias: Annotated[int, Field(ge=1, le=DAYS_MAX)] = DAYS_MAX


class RunOut(TypedDict):
    data: str
    # feito, sem_fundos or recusado.
    resultado: str
    mensagem: str
    momento: str
    operacao_id: int | None


class ScheduleOut(TypedDict):
    id: int
    tipo: str
    correntista_id: NotRequired[int]
    correntista_id_origem: NotRequired[int]
    correntista_id_destino: NotRequired[int]
    valor: float
    descricao: str
    # The first date, from which the others follow.
    data: str
    recorrencia: str
    ate: str | None
    # ativo, encerrado or cancelado.
    estado: str
    # The next date, the business day on which it is done, and the moment of the next try.
    proxima_data: str | None
    dia_util: str | None
    proxima_tentativa: str | None
    ultima: RunOut | None


class PlannedOut(TypedDict):
    agendamento_id: int
    valor: float
    sem_fundos: bool


class PlannedDayOut(TypedDict):
    data: str
    saldo: float
    sem_fundos: bool
    agendamentos: list[PlannedOut]


class PlannedAccountOut(TypedDict):
    CorrentistaID: int
    saldo: float
    datas: list[PlannedDayOut]


class HolidayOut(TypedDict):
    data: str
    nome: str


class ProjectionOut(TypedDict):
    de: str
    ate: str
    contas: list[PlannedAccountOut]
    feriados: list[HolidayOut]


def schedule(found: Schedule) -> ScheduleOut:
    order, dates, next_day = found.order, found.dates, found.next_day
    out: ScheduleOut = {
        "id": found.id,
        "tipo": order.kind,
        "valor": money.to_json(order.amount_cents),
        "descricao": order.description,
        "data": dates.first.isoformat(),
        "recorrencia": dates.recurrence,
        "ate": dates.until.isoformat() if dates.until else None,
        "estado": found.state,
        "proxima_data": next_day.isoformat() if next_day else None,
        "dia_util": business_days.on_or_after(next_day).isoformat() if next_day else None,
        "proxima_tentativa": clock.iso(found.due_at) if found.due_at else None,
        "ultima": _run(found.last_run) if found.last_run else None,
    }
    if order.target_account_id is None:
        out["correntista_id"] = order.source_account_id
    else:
        out["correntista_id_origem"] = order.source_account_id
        out["correntista_id_destino"] = order.target_account_id
    return out


def _run(run: Run) -> RunOut:
    return {
        "data": run.day.isoformat(),
        "resultado": run.outcome,
        "mensagem": run.text,
        "momento": clock.iso(run.ran_at),
        "operacao_id": run.operation_id,
    }


def projection(
    planned: Sequence[Planned],
    balances: dict[int, int],
    *,
    first_day: date,
    last_day: date,
    holidays: Sequence[tuple[date, str]],
) -> ProjectionOut:
    """`balances`: the accounts that are asked for, with what they hold now."""
    accounts: list[PlannedAccountOut] = [
        {
            "CorrentistaID": account_id,
            "saldo": money.to_json(cents),
            "datas": _days([each for each in planned if each.account_id == account_id]),
        }
        for account_id, cents in balances.items()
    ]
    return {
        "de": first_day.isoformat(),
        "ate": last_day.isoformat(),
        "contas": accounts,
        "feriados": [{"data": day.isoformat(), "nome": name} for day, name in holidays],
    }


def _days(planned: Sequence[Planned]) -> list[PlannedDayOut]:
    return [_day_out(day, list(group)) for day, group in groupby(planned, key=lambda each: each.day)]


def _day_out(day: date, planned: Sequence[Planned]) -> PlannedDayOut:
    return {
        "data": day.isoformat(),
        "saldo": money.to_json(planned[-1].balance_cents),
        "sem_fundos": any(each.lacks_funds for each in planned),
        "agendamentos": [
            {
                "agendamento_id": each.schedule_id,
                "valor": money.to_json(each.amount_cents),
                "sem_fundos": each.lacks_funds,
            }
            for each in planned
        ],
    }
