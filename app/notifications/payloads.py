"""What the inbox's clients send and see, in the words of the contract."""

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from app.fields import ID_MAX, Body, Query, Seq
from app.notifications.actions import PAGE_ROWS_MAX, Inbox

PAGE_ROWS = 30

Sound = Literal["sino", "gota", "moeda", "acorde", "pulso", "madeira", "nenhum"]
Kind = Annotated[str, Field(min_length=1, max_length=40)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
KINDS_MAX = 20
LOCK_MINUTES_MAX = 120


class InboxQuery(Query):
    depois_de: Annotated[int, Field(ge=0, le=ID_MAX)] | None = None
    antes: Annotated[int, Field(ge=1, le=ID_MAX)] | None = None
    limite: Annotated[int, Field(ge=1, le=PAGE_ROWS_MAX)] = PAGE_ROWS
    nao_lidas: bool = False


class Read(Body):
    ate: Seq


class QuietHours(Body):
    ativo: bool = False
    inicio: TimeOfDay = "22:00"
    fim: TimeOfDay = "07:00"


def _usual_sounds() -> dict[str, Sound]:
    return {
        "deposito": "moeda",
        "saque": "gota",
        "transferencia": "sino",
        "pagamento": "madeira",
        "cobranca": "sino",
        "mensagem": "gota",
        "aviso": "pulso",
    }


class Preferences(Body):
    """Which sound each kind of notification has, what is muted, and when it is quiet. `volume` in percent.

    `bloqueio_min`: after how many minutes without a touch the page asks for the password again; 0 for never.
    """

    sons: Annotated[dict[Kind, Sound], Field(max_length=KINDS_MAX)] = Field(default_factory=_usual_sounds)
    mudos: Annotated[list[Kind], Field(max_length=KINDS_MAX)] = Field(default_factory=list)
    silencio: QuietHours = Field(default_factory=QuietHours)
    volume: Annotated[int, Field(ge=0, le=100)] = 70
    bloqueio_min: Annotated[int, Field(ge=0, le=LOCK_MINUTES_MAX)] = 15


class InboxOut(TypedDict):
    notificacoes: list[dict[str, Any]]
    nao_lidas: int
    seq: int


class UnreadOut(TypedDict):
    nao_lidas: int


def inbox(page: Inbox) -> InboxOut:
    return {"notificacoes": page.rows, "nao_lidas": page.unread, "seq": page.seq}
