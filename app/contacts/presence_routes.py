"""HTTP routes of presence: who is online, and whether one is shown oneself."""

from typing import Any

from flask import Blueprint

from app import http, wire
from app.contacts import presence_queries
from app.contacts.presence import ContactPresence
from app.contacts.presence_queries import Choice
from app.db import Database
from app.fields import Body
from app.users import bearer
from app.users.auth import Auth, Identity


class PresenceChoice(Body):
    """`mostrar`: os contatos veem se você está online, e você vê os seus. `mostrar_visto`: e quando esteve."""

    mostrar: bool = True
    mostrar_visto: bool = True


def blueprint(db: Database, auth: Auth, presence: ContactPresence) -> Blueprint:
    routes = Blueprint("presenca", __name__)
    requires_user = bearer.requires_user(auth)

    @http.route(routes, "GET", "/usuarios/online", answers={200: list[wire.Presente]})
    @requires_user
    def online(identity: Identity) -> Any:
        """Os contatos que estão online."""
        return http.answer(presence.listing(identity.user_id)["usuarios"])

    @http.route(routes, "GET", "/preferencias/presenca", answers={200: PresenceChoice})
    @requires_user
    def escolha(identity: Identity) -> Any:
        """Se os contatos veem quando você está online."""
        chosen = db.read(presence_queries.choice, identity.user_id)
        return http.answer({"mostrar": chosen.shown, "mostrar_visto": chosen.last_seen_shown})

    @http.route(routes, "PUT", "/preferencias/presenca", body=PresenceChoice, answers={200: PresenceChoice})
    @requires_user
    def escolher(identity: Identity) -> Any:
        """Mostra ou esconde a presença; quem não se mostra também não vê os outros."""
        body = http.read_body(PresenceChoice)
        presence.choose(identity.user_id, Choice(body.mostrar, body.mostrar_visto))
        return http.answer(body.model_dump())

    return routes
