"""HTTP routes of the chat: the past, searches, writing without a socket, and asking for money."""

from typing import Any

from flask import Blueprint
from flask_socketio_cluster.limits.limiter import Limiter
from sqlalchemy import Connection

from app import http
from app.chat import messages, payloads, queries
from app.chat.actions import Connected
from app.chat.chat import SEARCHES, Chat
from app.chat.queries import Page
from app.db import Database
from app.users import bearer
from app.users.auth import Auth, Identity
from app.wire import Mensagem

_PERSON = "<int:usuario_id>"


def blueprint(db: Database, auth: Auth, limits: Limiter, chat: Chat, *, connected: Connected) -> Blueprint:
    routes = Blueprint("conversas", __name__)
    http.refuse_large_ids(routes)
    requires_user = bearer.requires_user(auth)

    @http.route(routes, "GET", "/conversas", answers={200: payloads.ConversationsOut})
    @requires_user
    def conversas(identity: Identity) -> Any:
        """As conversas, as mais novas primeiro, e quantas mensagens não foram lidas em todas."""
        return http.answer(db.read(_conversations, identity.user_id))

    @http.route(
        routes,
        "GET",
        f"/conversas/{_PERSON}/mensagens",
        query=payloads.PageQuery,
        answers={200: payloads.MessagesOut},
        paged=True,
    )
    @requires_user
    def mensagens(identity: Identity, usuario_id: int) -> Any:
        """As mensagens com uma pessoa, as mais novas primeiro; com `depois_de`, as seguintes a partir dali."""
        query = http.read_query(payloads.PageQuery)
        return _linked(*db.read(_messages, identity.user_id, usuario_id, query, connected))

    @http.route(routes, "POST", f"/conversas/{_PERSON}/mensagens", body=payloads.Write, answers={201: Mensagem})
    @requires_user
    def escrever(identity: Identity, usuario_id: int) -> Any:
        """Escreve a um contato, como `chat_enviar`; o mesmo `id_cliente` de novo dá a mesma mensagem."""
        body = http.read_body(payloads.Write)
        sent = chat.send(identity.user_id, receiver_id=usuario_id, text=body.texto, client_id=body.id_cliente)
        return http.answer(messages.payload(sent), 201)

    @http.route(
        routes,
        "GET",
        "/conversas/busca",
        query=payloads.SearchQuery,
        answers={200: list[Mensagem]},
        paged=True,
    )
    @requires_user
    def buscar(identity: Identity) -> Any:
        """Procura nas próprias conversas; só a falta de Link diz que é a última página."""
        query = http.read_query(payloads.SearchQuery)
        limits.check(SEARCHES, str(identity.user_id))
        page = db.read(queries.search, identity.user_id, text=query.texto, limit=query.limite, before_id=query.antes)
        return _linked([messages.payload(message) for message in page.rows], page)

    @http.route(routes, "POST", f"/conversas/{_PERSON}/denuncias", body=payloads.Report, answers={204: None})
    @requires_user
    def denunciar(identity: Identity, usuario_id: int) -> Any:
        """Denuncia a outra pessoa da conversa, ou uma mensagem dela."""
        chat.report(identity.user_id, usuario_id, http.read_body(payloads.Report))
        return "", 204

    @http.route(routes, "POST", "/cobrancas", body=payloads.Ask, answers={201: Mensagem})
    @requires_user
    def cobrar(identity: Identity) -> Any:
        """Pede um valor a um contato; quem aceita paga com uma transferência que leva o `cobranca_id`."""
        return http.answer(messages.payload(chat.ask(identity.user_id, http.read_body(payloads.Ask))), 201)

    @http.route(
        routes,
        "POST",
        "/cobrancas/<int:cobranca_id>/<any(recusar, cancelar):como>",
        answers={200: Mensagem},
    )
    @requires_user
    def encerrar_cobranca(identity: Identity, cobranca_id: int, como: str) -> Any:
        """Recusa uma cobrança recebida, ou cancela uma feita."""
        return http.answer(messages.payload(chat.settle(identity.user_id, cobranca_id, como)))

    return routes


def _conversations(connection: Connection, user_id: int) -> payloads.ConversationsOut:
    found = queries.conversations(connection, user_id)
    return {
        "conversas": [payloads.conversation(one) for one in found],
        "nao_lidas": queries.unread(connection, user_id),
    }


def _messages(
    connection: Connection, user_id: int, other_id: int, query: payloads.PageQuery, connected: Connected
) -> tuple[payloads.MessagesOut, Page]:
    page = queries.page(
        connection, user_id, other_id, limit=query.limite, before_id=query.antes, after_id=query.depois_de
    )
    found = queries.conversation(connection, user_id, other_id)
    may_write = connected(connection, user_id, other_id)
    name = messages.names_of(connection, {other_id})[other_id] if found or may_write else None
    body: payloads.MessagesOut = {
        "pessoa": payloads.other(other_id, name, may_write=may_write),
        "conversa": payloads.conversation(found) if found else None,
        "mensagens": [messages.payload(message) for message in page.rows],
    }
    return body, page


def _linked(body: object, page: Page) -> Any:
    answer = http.answer(body)
    if page.next_before_id is not None:
        http.link_next(answer, antes=page.next_before_id)
    return answer
