"""HTTP routes of the inbox and of the preferences."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint
from sqlalchemy import Connection

from app import http, wire
from app.db import Database
from app.notifications import actions, payloads
from app.notifications.preferences import Preferences, from_document, with_kept
from app.users import bearer
from app.users.auth import Auth, Identity

# Tell every socket of a user; best effort, for what is read again from the database anyway.
Tell = Callable[[int, str, Any], None]


def blueprint(db: Database, auth: Auth, *, tell: Tell) -> Blueprint:
    routes = Blueprint("notificacoes", __name__)
    requires_user = bearer.requires_user(auth)

    @http.route(routes, "GET", "/notificacoes", query=payloads.InboxQuery, answers={200: payloads.InboxOut}, paged=True)
    @requires_user
    def notificacoes(identity: Identity) -> Any:
        """As notificações, as mais novas primeiro; com `depois_de`, as seguintes a partir dali.

        Com `tipo` ou `sentido`, uma página pode vir incompleta: só a falta de Link diz que é a última.
        """
        query = http.read_query(payloads.InboxQuery)
        page = db.read(
            actions.inbox,
            identity.user_id,
            limit=query.limite,
            after=query.depois_de,
            before=query.antes,
            unread_only=query.nao_lidas,
            filters=query.filters(),
        )
        answer = http.answer(payloads.inbox(page))
        if page.next_seq is not None:
            http.link_next(answer, **{"antes" if query.depois_de is None else "depois_de": page.next_seq})
        return answer

    @http.route(routes, "POST", "/notificacoes/lidas", body=payloads.Read, answers={200: payloads.ReadOut})
    @requires_user
    def marcar_lidas(identity: Identity) -> Any:
        """Marca como lidas todas até `ate`, e cada uma de `seqs`, em todas as abas e aparelhos."""
        return http.answer(mark(db, tell, identity.user_id, http.read_body(payloads.Read)))

    @http.route(routes, "GET", "/preferencias", answers={200: Preferences})
    @requires_user
    def preferencias(identity: Identity) -> Any:
        """Sons, o que aparece na tela e no aparelho, e horário de descanso."""
        return http.answer(from_document(db.read(actions.preferences, identity.user_id)).model_dump())

    @http.route(routes, "PUT", "/preferencias", body=Preferences, answers={200: Preferences})
    @requires_user
    def guardar_preferencias(identity: Identity) -> Any:
        """Guarda as preferências e avisa as outras abas e aparelhos. O que falta volta ao padrão, menos `ocultos`,
        `sem_push`, `push_valores` e `fuso`, que ficam como estavam."""
        kept = db.transact(_keep, identity.user_id, http.read_body(Preferences)).model_dump()
        tell(identity.user_id, wire.PREFERENCIAS, kept)
        return http.answer(kept)

    return routes


def _keep(connection: Connection, user_id: int, chosen: Preferences) -> Preferences:
    before = from_document(actions.preferences(connection, user_id))
    merged = with_kept(chosen, before)
    actions.keep_preferences(connection, user_id, merged.model_dump_json())
    return merged


def mark(db: Database, tell: Tell, user_id: int, body: payloads.Read) -> wire.NotificacoesLidas:
    """Note what was read and tell every socket of the user. Raises TooManyReadRanges."""
    told = db.transact(_mark, user_id, body)
    tell(user_id, wire.NOTIFICACOES_LIDAS, told)
    return told


def _mark(connection: Connection, user_id: int, body: payloads.Read) -> wire.NotificacoesLidas:
    if body.ate is not None:
        actions.mark_read(connection, user_id, body.ate)
    now, seqs = actions.mark_each(connection, user_id, body.seqs or ())
    return {"ate": now.read_to, "nao_lidas": now.unread, "seqs": seqs}
