"""The request's client: its device, its address, its cookie, and whether it still waits."""

from typing import Any

from flask import Response, request
from flask_socketio_cluster.transport import connection

from app import http
from app.users.device_names import name_of
from app.users.devices import COOKIE, KEPT, Device, Devices
from app.users.sessions import Place


def place() -> Place:
    return Place(name_of(request.headers.get("User-Agent", "")), http.client_address())


def device(devices: Devices) -> Device:
    return devices.read(request.cookies.get(COOKIE))


def remember(answer: Response, devices: Devices, visited: Device, user_id: int) -> None:
    """From now on the device is known for this user."""
    options: dict[str, Any] = {"secure": request.is_secure, "httponly": True, "samesite": "Strict"}
    answer.set_cookie(COOKIE, devices.remember(visited, user_id), max_age=KEPT, **options)


def is_gone() -> bool:
    return connection.is_gone(request.environ)
