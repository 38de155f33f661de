"""How a person wants to be told: the document that is kept as JSON, and what it means."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from app import clock
from app.fields import Body
from app.notifications.kinds import SECURITY

Sound = Literal["sino", "gota", "moeda", "acorde", "pulso", "madeira", "nenhum"]
Kind = Annotated[str, Field(min_length=1, max_length=40)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
KINDS_MAX = 20
LOCK_MINUTES_MAX = 120
# A client from before these fields does not send them, and must not set them back.
NEWER = ("ocultos", "sem_push", "push_valores", "fuso")


def _without_security(kinds: list[str]) -> list[str]:
    return [kind for kind in kinds if kind != SECURITY]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, LookupError, OSError):
        raise ValueError("não é um fuso horário conhecido") from None
    return name


Kinds = Annotated[list[Kind], Field(max_length=KINDS_MAX)]
KindsButSecurity = Annotated[
    Kinds,
    Field(description="`seguranca` é sempre mostrado e sempre enviado ao aparelho: nesta lista ele é ignorado."),
    AfterValidator(_without_security),
]
Zone = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_+/-]{1,64}$", description="Do horário de silêncio, como America/Sao_Paulo."),
    AfterValidator(_known_zone),
]


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
        "agendamento": "acorde",
        "aviso": "pulso",
        "mensagem": "gota",
        "contato": "pulso",
        "cobranca": "sino",
        "seguranca": "acorde",
    }


class Preferences(Body):
    """Which sound each kind of notification has, what is muted, and when it is quiet. `volume` in percent.

    `mudos`: kinds without sound; `ocultos`: kinds that are not shown as they arrive (the bell keeps them); `sem_push`:
    kinds that are not pushed to a closed page. In the quiet hours nothing sounds and nothing but `seguranca` is pushed.
    `push_valores`: a push may name amounts. `bloqueio_min`: after how many minutes without a touch the page asks for
    the password again; 0 for never.
    """

    sons: Annotated[dict[Kind, Sound], Field(max_length=KINDS_MAX)] = Field(default_factory=_usual_sounds)
    mudos: Kinds = Field(default_factory=list)
    ocultos: KindsButSecurity = Field(default_factory=list)
    sem_push: KindsButSecurity = Field(default_factory=list)
    push_valores: bool = False
    silencio: QuietHours = Field(default_factory=QuietHours)
    fuso: Zone = clock.ZONE.key
    volume: Annotated[int, Field(ge=0, le=100)] = 70
    bloqueio_min: Annotated[int, Field(ge=0, le=LOCK_MINUTES_MAX)] = 15

    def pushes(self, kind: str, moment: datetime) -> bool:
        """Whether a notice of this kind goes to a closed page at this (aware) moment."""
        return kind == SECURITY or (kind not in self.sem_push and not self.is_quiet(moment))

    def is_quiet(self, moment: datetime) -> bool:
        """From `inicio` up to, but not including, `fim`; over midnight when `fim` is the earlier one."""
        start, end = self.silencio.inicio, self.silencio.fim
        if not self.silencio.ativo or start == end:
            return False
        time = f"{moment.astimezone(ZoneInfo(self.fuso)):%H:%M}"
        return start <= time < end if start < end else time >= start or time < end


def from_document(document: str | None) -> Preferences:
    """What is kept, completed by what it does not say."""
    return Preferences.model_validate_json(document) if document else Preferences()


def with_kept(chosen: Preferences, kept: Preferences) -> Preferences:
    """`chosen` as a client sent it; of the newer fields that it does not name, what was kept."""
    unnamed = {name: getattr(kept, name) for name in NEWER if name not in chosen.model_fields_set}
    return chosen.model_copy(update=unnamed)
