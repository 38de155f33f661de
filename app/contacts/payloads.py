"""What contacts' clients send and see, in the words of the contract."""

from typing import Annotated

from pydantic import Field, StrictBool, model_validator
from typing_extensions import TypedDict

from app import clock, money, names
from app.contacts.history import Payment
from app.contacts.models import EmailRequest
from app.contacts.people import Person
from app.fields import ID_MAX, Body, Email, Id
from app.wire import Notificacao

CONTACT_KIND = "contato"
ASKED = "Se houver um cadastro com este e-mail, a pessoa recebe o seu pedido."


class NewContact(Body):
    """`email` of anybody, or `usuario_id` of somebody in the list."""

    email: Email | None = None
    usuario_id: Id | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "NewContact":
        if (self.email is None) == (self.usuario_id is None):
            raise ValueError("Informe o e-mail ou o usuario_id")
        return self


class Favourite(Body):
    favorito: StrictBool


class LastTransferOut(TypedDict):
    operacao_id: int
    valor: float
    descricao: str
    correntista_id_origem: int
    correntista_id_destino: int
    data: str


class ContactOut(TypedDict):
    usuario_id: int
    nome: str
    # contato, pedido_enviado, pedido_recebido, historico or bloqueado.
    situacao: str
    favorito: bool
    CorrentistaID: int | None
    ultima_transferencia: LastTransferOut | None


class EmailRequestOut(TypedDict):
    pedido_id: Annotated[int, Field(ge=1, le=ID_MAX)]
    email: str
    data: str


class AskedOut(TypedDict):
    mensagem: str


def person(found: Person) -> ContactOut:
    return {
        "usuario_id": found.user_id,
        "nome": found.name,
        "situacao": found.situation,
        "favorito": found.is_favourite,
        "CorrentistaID": found.account_id,
        "ultima_transferencia": _last_transfer(found.last_payment) if found.last_payment else None,
    }


def _last_transfer(payment: Payment) -> LastTransferOut:
    return {
        "operacao_id": payment.operation_id,
        "valor": money.to_json(payment.amount_cents),
        "descricao": payment.description,
        "correntista_id_origem": payment.source_account_id,
        "correntista_id_destino": payment.target_account_id,
        "data": clock.iso(payment.moved_at),
    }


def email_request(asked: EmailRequest) -> EmailRequestOut:
    return {"pedido_id": asked.id, "email": asked.email, "data": clock.iso(asked.created_at)}


def request(user_id: int, name: str) -> Notificacao:
    """That somebody asks; to the one who is asked, whom the asker may be unknown to."""
    masked = names.mask(name)
    return _notice(user_id, masked, "pedido", f"{masked} quer ser seu contato")


def accepted(user_id: int, name: str) -> Notificacao:
    """That somebody accepted; to the one who asked."""
    return _notice(user_id, name, "aceito", f"{name} aceitou ser seu contato")


def _notice(user_id: int, name: str, action: str, message: str) -> Notificacao:
    return {
        "tipo": CONTACT_KIND,
        "mensagem": message,
        "timestamp": clock.iso(clock.now()),
        "dados": {"usuario_id": user_id, "nome": name, "acao": action},
    }
