"""What the owner of a schedule reads of a try, in Portuguese."""

from datetime import date, datetime

from app import clock, money
from app.errors import AppError, InsufficientFunds
from app.schedules.schedule import PAYMENT, Schedule
from app.wire import Notificacao

KIND = "agendamento"


def of_run(
    schedule: Schedule, day: date, refusal: AppError | None, again_at: datetime | None, next_day: date | None
) -> str:
    """`next_day` is `day` itself when it is tried again, at `again_at`."""
    what = _what(schedule)
    if refusal is None:
        return f"{what}: feito."
    if not isinstance(refusal, InsufficientFunds):
        after = _after(next_day) if next_day else " O agendamento foi encerrado."
        return f"Agendamento de {day:%d/%m/%Y} não realizado. {what}: {refusal.text}{after}"
    if next_day == day and again_at is not None:
        return f"Agendamento sem saldo. {what}. Tentaremos de novo hoje às {again_at.astimezone(clock.ZONE):%H}h."
    return f"Agendamento de {day:%d/%m/%Y} não realizado por falta de saldo. {what}.{_after(next_day)}"


def _what(schedule: Schedule) -> str:
    order = schedule.order
    value = money.to_text(order.amount_cents)
    if order.kind == PAYMENT:
        return f"Pagamento de {value} ({order.description})"
    return f"Transferência de {value} para a conta {order.target_account_id}"


def _after(next_day: date | None) -> str:
    return f" Próxima data: {next_day:%d/%m/%Y}." if next_day else ""


def notification(
    schedule: Schedule, day: date, refusal: AppError, *, outcome: str, text: str, now: datetime
) -> Notificacao:
    """That a date could not be done. What was done is told by the operation itself."""
    order = schedule.order
    return {
        "tipo": KIND,
        "mensagem": text,
        "timestamp": clock.iso(now),
        "dados": {
            "agendamento_id": schedule.id,
            "resultado": outcome,
            "motivo": refusal.code,
            "data": day.isoformat(),
            "valor": money.to_json(order.amount_cents),
            "descricao": order.description,
            "correntista_id": order.source_account_id,
        },
    }
