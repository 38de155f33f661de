"""What users send and see, in the words of the contract."""

from typing_extensions import TypedDict

from app import clock
from app.fields import Body, Email, NewPassword, Password, PersonName
from app.users.actions import Person


class NewUser(Body):
    nome: PersonName
    email: Email
    senha: NewPassword


class Credentials(Body):
    email: Email
    senha: Password


class Logout(Body):
    todos: bool = False


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


class ProfileUser(UserOut):
    data_criacao: str


class ProfileOut(TypedDict):
    usuario: ProfileUser


def user(person: Person) -> UserOut:
    return {"id": person.id, "email": person.email, "nome": person.name}


def session(person: Person, token: str, message: str) -> SessionOut:
    return {"mensagem": message, "token": token, "usuario": user(person)}


def profile(person: Person) -> ProfileOut:
    return {"usuario": {**user(person), "data_criacao": clock.iso(person.created_at)}}
