"""What users send and see, in the words of the contract."""

from typing import Any

from typing_extensions import TypedDict

from app import clock, money
from app.fields import Body, Cents, Email, NewPassword, Password, PersonName
from app.users.actions import Person
from app.users.codes import Code
from app.users.passkeys import Passkey
from app.users.second_factor import SecondFactor
from app.users.sessions import Session


class NewUser(Body):
    nome: PersonName
    email: Email
    senha: NewPassword


class Credentials(Body):
    email: Email
    senha: Password
    # Of the second factor, for a device that is new.
    codigo: Code | None = None


class Logout(Body):
    todos: bool = False


class NewPasswordBody(Body):
    atual: Password
    nova: NewPassword


class RecoveryAsked(Body):
    email: Email


class PasswordReset(Body):
    email: Email
    codigo: Code
    nova: NewPassword
    segundo_fator: Code | None = None


class OwnPassword(Body):
    senha: Password


class OwnCode(Body):
    codigo: Code


class PasswordAndCode(Body):
    senha: Password
    codigo: Code


class PasswordAndMaybeCode(Body):
    senha: Password
    codigo: Code | None = None


class PasskeyAnswer(Body):
    # As the browser's `toJSON` has it.
    credencial: dict[str, Any]


class SecondFactorLimit(Body):
    limite: Cents
    codigo: Code


class MessageOut(TypedDict):
    mensagem: str


class SecondFactorOut(TypedDict):
    ativo: bool
    desde: str | None
    limite: float
    codigos_restantes: int


class SecondFactorSecretOut(TypedDict):
    segredo: str
    uri: str
    qr: str


class RecoveryCodesOut(TypedDict):
    codigos_de_recuperacao: list[str]


class PasskeysHereOut(TypedDict):
    disponiveis: bool
    origem: str | None


class PasskeyOut(TypedDict):
    id: int
    aparelho: str
    criada_em: str
    usada_em: str | None


class UserOut(TypedDict):
    id: int
    email: str
    nome: str


class SessionOut(TypedDict):
    mensagem: str
    token: str
    usuario: UserOut


class TokenOut(TypedDict):
    token: str
    sessao_expira_em: str


class OwnSessionOut(TypedDict):
    id: str
    aparelho: str
    local: str
    criada_em: str
    usada_em: str
    expira_em: str
    atual: bool


class ProfileUser(UserOut):
    data_criacao: str


class ProfileOut(TypedDict):
    usuario: ProfileUser
    administrador: bool


def user(person: Person) -> UserOut:
    return {"id": person.id, "email": person.email, "nome": person.name}


def session(person: Person, token: str, message: str) -> SessionOut:
    return {"mensagem": message, "token": token, "usuario": user(person)}


def renewed(of: Session, token: str) -> TokenOut:
    return {"token": token, "sessao_expira_em": clock.iso(of.expires_at)}


def own_session(own: Session, current_id: str) -> OwnSessionOut:
    return {
        "id": own.id,
        "aparelho": own.device,
        "local": own.address,
        "criada_em": clock.iso(own.created_at),
        "usada_em": clock.iso(own.last_used_at),
        "expira_em": clock.iso(own.expires_at),
        "atual": own.id == current_id,
    }


def passkey(own: Passkey) -> PasskeyOut:
    return {
        "id": own.id,
        "aparelho": own.name,
        "criada_em": clock.iso(own.created_at),
        "usada_em": clock.iso(own.last_used_at) if own.last_used_at else None,
    }


def second_factor(state: SecondFactor) -> SecondFactorOut:
    return {
        "ativo": state.confirmed_at is not None,
        "desde": clock.iso(state.confirmed_at) if state.confirmed_at else None,
        "limite": money.to_json(state.limit_cents),
        "codigos_restantes": state.recovery_codes_left,
    }


def profile(person: Person, *, is_administrator: bool) -> ProfileOut:
    told: ProfileUser = {**user(person), "data_criacao": clock.iso(person.created_at)}
    return {"usuario": told, "administrador": is_administrator}
