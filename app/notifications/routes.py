"""HTTP routes of the inbox and of the preferences."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint

from app import http, wire
from app.db import Database
from app.notifications import actions, payloads
from app.users import bearer
from app.users.auth import Auth, Identity

# Tell every socket of a user; best effort, for what is read again from the database anyway.
Tell = Callable[[int, str, Any], None]


def blueprint(db: Database, auth: Auth, *, tell: Tell) -> Blueprint:
    routes = Blueprint("notificacoes", __name__)
    requires_user = bearer.requires_user(auth)

    @http.route(routes, "GET", "/notificacoes", query=payloads.InboxQuery, answers={200: payloads.InboxOut})
    @requires_user
    def notificacoes(identity: Identity) -> Any:
        """As notificações, as mais novas primeiro; com `depois_de`, as seguintes a partir dali."""
        query = http.read_query(payloads.InboxQuery)
        page = db.read(
            actions.inbox,
            identity.user_id,
            limit=query.limite,
            after=query.depois_de,
            before=query.antes,
            unread_only=query.nao_lidas,
        )
        return http.answer(payloads.inbox(page))

    @http.route(routes, "POST", "/notificacoes/lidas", body=payloads.Read, answers={200: payloads.UnreadOut})
    @requires_user
    def marcar_lidas(identity: Identity) -> Any:
        """Marca como lidas todas até `ate`, em todas as abas e aparelhos."""
        told = read_up_to(db, tell, identity.user_id, http.read_body(payloads.Read).ate)
        return http.answer({"nao_lidas": told["nao_lidas"]})

    @http.route(routes, "GET", "/preferencias", answers={200: payloads.Preferences})
    @requires_user
    def preferencias(identity: Identity) -> Any:
        """Sons, silêncios e horário de descanso."""
        kept = db.read(actions.preferences, identity.user_id)
        chosen = payloads.Preferences.model_validate_json(kept) if kept else payloads.Preferences()
        return http.answer(chosen.model_dump())

    @http.route(routes, "PUT", "/preferencias", body=payloads.Preferences, answers={200: payloads.Preferences})
    @requires_user
    def guardar_preferencias(identity: Identity) -> Any:
        """Guarda as preferências; o que falta volta ao padrão."""
        chosen = http.read_body(payloads.Preferences)
        db.transact(actions.keep_preferences, identity.user_id, chosen.model_dump_json())
        return http.answer(chosen.model_dump())

    return routes


def read_up_to(db: Database, tell: Tell, user_id: int, up_to: int) -> wire.NotificacoesLidas:
    """Move the read cursor and tell every socket of the user."""
    read_to, unread = db.transact(actions.mark_read, user_id, up_to)
    told: wire.NotificacoesLidas = {"ate": read_to, "nao_lidas": unread}
    tell(user_id, wire.NOTIFICACOES_LIDAS, told)
    return told
