"""What the inbox's clients send and see, in the words of the contract."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from app.fields import ID_MAX, Body, Query, Seq
from app.notifications.actions import PAGE_ROWS_MAX, READ_AT_ONCE_MAX, Filters, Inbox
from app.notifications.kinds import KINDS, Way

PAGE_ROWS = 30

_KIND = f"({'|'.join(KINDS)})"
KindList = Annotated[
    str,
    Field(
        pattern=rf"^{_KIND}(,{_KIND}){{0,{len(KINDS) - 1}}}$",
        description="Um tipo, ou vários separados por vírgulas. `aviso` inclui os tipos que não têm nome aqui.",
    ),
]


class InboxQuery(Query):
    depois_de: Annotated[int, Field(ge=0, le=ID_MAX)] | None = None
    antes: Annotated[int, Field(ge=1, le=ID_MAX)] | None = None
    limite: Annotated[int, Field(ge=1, le=PAGE_ROWS_MAX)] = PAGE_ROWS
    nao_lidas: bool = False
    tipo: KindList | None = None
    sentido: Annotated[
        Way | None, Field(description="O dinheiro que entrou ou o que saiu; entre contas próprias não é nenhum.")
    ] = None

    def filters(self) -> Filters:
        return Filters(frozenset(self.tipo.split(",")) if self.tipo else frozenset(), self.sentido)


class Read(Body):
    """`ate`: todas até esta; `seqs`: estas, uma a uma. Ao menos um dos dois."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["ate"]}, {"required": ["seqs"]}]})

    ate: Seq | None = None
    seqs: Annotated[list[Seq], Field(min_length=1, max_length=READ_AT_ONCE_MAX)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Read":
        if self.ate is None and self.seqs is None:
            raise ValueError("Diga até onde foi lido, em ate, ou o que foi lido, em seqs")
        return self


class InboxOut(TypedDict):
    notificacoes: list[dict[str, Any]]
    nao_lidas: int
    seq: int
    # All up to here are read; later ones say so themselves, in `lida`.
    ate: int


class ReadOut(TypedDict):
    nao_lidas: int
    ate: int
    seqs: list[int]


def inbox(page: Inbox) -> InboxOut:
    return {"notificacoes": page.rows, "nao_lidas": page.unread, "seq": page.seq, "ate": page.stand.read_to}
