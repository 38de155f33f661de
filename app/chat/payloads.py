"""What the clients of the chat send and see, in the words of the contract."""

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from app.chat import messages
from app.chat.models import CLIENT_ID_CHARS_MAX, REASON_CHARS_MAX, TEXT_CHARS_MAX
from app.chat.money import REFUSED, WITHDRAWN
from app.chat.queries import PAGE_ROWS_MAX, Conversation
from app.chat.sides import Side
from app.fields import ID_MAX, Body, Cents, Description, FilledDescription, Id, Query
from app.wire import Mensagem

PAGE_ROWS = 40
SEARCH_CHARS_MAX = 100
_LAYOUT = "\n\t"


def _written(value: str) -> str:
    """Any Unicode, lines too; without what no screen shows and no database keeps whole."""
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
    if any(c not in _LAYOUT and unicodedata.category(c) in ("Cc", "Cs") for c in text):
        raise ValueError("contém caracteres que não são permitidos")
    if len(text) > TEXT_CHARS_MAX:  # NFC writes some characters as two
        raise ValueError(f"deve ter no máximo {TEXT_CHARS_MAX} caracteres")
    if not text:
        raise ValueError("não pode ficar em branco")
    return text


Text = Annotated[str, Field(min_length=1, max_length=TEXT_CHARS_MAX), AfterValidator(_written)]
ClientId = Annotated[str, Field(min_length=1, max_length=CLIENT_ID_CHARS_MAX, pattern=r"^[A-Za-z0-9_-]+$")]


class Write(Body):
    texto: Text
    id_cliente: ClientId


class Send(Write):
    para: Id


class Edit(Body):
    id: Id
    texto: Text


class Delete(Body):
    id: Id


class UpTo(Body):
    usuario_id: Id
    ate: Id


class To(Body):
    para: Id


class Ask(Body):
    usuario_id: Id
    correntista_id: Id
    valor: Cents
    descricao: Description = ""
    id_cliente: ClientId


class Report(Body):
    motivo: Annotated[FilledDescription, Field(max_length=REASON_CHARS_MAX)]
    mensagem_id: Id | None = None


class PageQuery(Query):
    antes: Annotated[int, Field(ge=1, le=ID_MAX)] | None = None
    depois_de: Annotated[int, Field(ge=0, le=ID_MAX)] | None = None
    limite: Annotated[int, Field(ge=1, le=PAGE_ROWS_MAX)] = PAGE_ROWS


class SearchQuery(Query):
    texto: Annotated[str, Field(min_length=1, max_length=SEARCH_CHARS_MAX)]
    antes: Annotated[int, Field(ge=1, le=ID_MAX)] | None = None
    limite: Annotated[int, Field(ge=1, le=PAGE_ROWS_MAX)] = PAGE_ROWS


Settlement = Literal["recusar", "cancelar"]
STATUS_OF: dict[str, str] = {"recusar": REFUSED, "cancelar": WITHDRAWN}


class SentOut(TypedDict):
    ok: bool
    id: int


class ConversationOut(TypedDict):
    usuario_id: int
    nome: str
    nao_lidas: int
    lida_ate: int
    # What the other has read, and what some device of the other has.
    outro_lida_ate: int
    outro_recebida_ate: int
    ultima: Mensagem | None


class ConversationsOut(TypedDict):
    conversas: list[ConversationOut]
    nao_lidas: int


class SideOut(TypedDict):
    usuario_id: int
    lida_ate: int
    nao_lidas: int


class OtherOut(TypedDict):
    usuario_id: int
    nome: str
    # Whether a message would be taken: both are contacts, and neither blocks the other.
    pode_escrever: bool


class MessagesOut(TypedDict):
    # Also before the first message; None for a stranger, whose name is nobody's business.
    pessoa: OtherOut | None
    conversa: ConversationOut | None
    mensagens: list[Mensagem]


def conversation(found: Conversation) -> ConversationOut:
    return {
        "usuario_id": found.side.other_id,
        "nome": found.other_name,
        "nao_lidas": found.side.unread,
        "lida_ate": found.side.read_to,
        "outro_lida_ate": found.other_read_to,
        "outro_recebida_ate": found.other_received_to,
        "ultima": messages.payload(found.last) if found.last else None,
    }


def other(user_id: int, name: str | None, *, may_write: bool) -> OtherOut | None:
    return None if name is None else {"usuario_id": user_id, "nome": name, "pode_escrever": may_write}


def side(of: Side) -> SideOut:
    return {"usuario_id": of.other_id, "lida_ate": of.read_to, "nao_lidas": of.unread}
