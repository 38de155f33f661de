"""The local outbox: the last mails, on a page. Only where LOCAL_OUTBOX says so, and only for this machine."""

import ipaddress
from typing import Any

from flask import Blueprint, render_template, request

from app import clock
from app.db import Database
from app.errors import NotFound
from app.mail import outbox

SHOWN_MAX = 20


def blueprint(db: Database, *, static_url: str) -> Blueprint:
    routes = Blueprint("correio", __name__)

    @routes.get("/correio")
    def correio() -> Any:
        if not _is_this_machine(request.remote_addr or ""):
            raise NotFound
        mails = db.read(outbox.newest, SHOWN_MAX)
        written = {mail.id: f"{mail.created_at.astimezone(clock.ZONE):%d/%m/%Y %H:%M:%S}" for mail in mails}
        return render_template("mails.html", static_url=static_url, mails=mails, written=written)

    return routes


def _is_this_machine(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
