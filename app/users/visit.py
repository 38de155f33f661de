"""The request's client: its device, its address, its cookie, and whether it still waits."""

from typing import Any

from flask import Response, request
from flask_socketio_cluster.transport import connection

from app import http
from app.users import payloads, sessions
from app.users.actions import Person
from app.users.device_names import name_of
from app.users.devices import COOKIE, KEPT, Device, Devices
from app.users.sessions import Place, Session
from app.users.tokens import Tokens


def place() -> Place:
    return Place(name_of(request.headers.get("User-Agent", "")), http.client_address())


def device(devices: Devices) -> Device:
    return devices.read(request.cookies.get(COOKIE))


def remember(answer: Response, devices: Devices, visited: Device, user_id: int) -> None:
    """From now on the device is known for this user."""
    options: dict[str, Any] = {"secure": request.is_secure, "httponly": True, "samesite": "Strict"}
    answer.set_cookie(COOKIE, devices.remember(visited, user_id), max_age=KEPT, **options)


def opened(
    person: Person, session: Session, tokens: Tokens, devices: Devices, visited: Device, message: str, status: int = 200
) -> Any:
    """The answer that opens a session, on a device that is known from now on."""
    token = sessions.token_of(session, tokens)
    answer, _ = http.answer(payloads.session(person, token, message), status)
    remember(answer, devices, visited, person.id)
    return answer, status


def is_gone() -> bool:
    return connection.is_gone(request.environ)
