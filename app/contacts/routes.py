"""HTTP routes of contacts: the list, asking and answering, favourites, blocking."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint
from flask_socketio_cluster.limits.limiter import Limiter

from app import http, wire
from app.contacts import actions, pace, payloads, people
from app.contacts.actions import Change
from app.contacts.history import History
from app.db import Database
from app.errors import YourOwnEmail
from app.even_time import even_time
from app.users import bearer
from app.users.auth import Auth, Identity

# Tell every socket of a user; best effort, for what is read again from the database anyway.
Tell = Callable[[int, str, Any], None]

PERSON = "/contatos/<int:usuario_id>"


def blueprint(
    db: Database,
    auth: Auth,
    limits: Limiter,
    *,
    history: History,
    tell: Tell,
    committed: Callable[[], None],
    changed: Callable[[int, int], None],
) -> Blueprint:
    """After a commit `committed` is told, and `changed` of two people who are connected now or no longer; neither
    may wait or raise."""
    routes = Blueprint("contatos", __name__)
    http.refuse_large_ids(routes)
    requires_user = bearer.requires_user(auth)

    def done(change: Change, user_id: int) -> None:
        committed()
        if change.connection_with is not None:
            changed(user_id, change.connection_with)
        for each in change.lists_of:
            tell(each, wire.CONTATOS, wire.Contatos())

    def change(action: Callable[..., Change], identity: Identity, usuario_id: int, **options: Any) -> Any:
        """Do it, and answer nothing."""
        pace.count_change(limits, identity.user_id)
        done(db.transact(action, identity.user_id, usuario_id, **options), identity.user_id)
        return "", 204

    def answer_person(identity: Identity, usuario_id: int) -> Any:
        return http.answer(payloads.person(db.read(people.one, identity.user_id, usuario_id, history)))

    @http.route(routes, "GET", "/contatos", answers={200: list[payloads.ContactOut]})
    @requires_user
    def contatos(identity: Identity) -> Any:
        """Os contatos, os pedidos, quem você pagou e quem você bloqueou, por nome."""
        return http.answer([payloads.person(each) for each in db.read(people.of_user, identity.user_id, history)])

    @http.route(routes, "POST", "/contatos", body=payloads.NewContact, answers={202: payloads.AskedOut})
    @requires_user
    def pedir_contato(identity: Identity) -> Any:
        """Pede a alguém para ser seu contato. A resposta é a mesma, haja ou não um cadastro com o e-mail."""
        body = http.read_body(payloads.NewContact)
        if body.email == identity.email:
            raise YourOwnEmail
        pace.count_ask(limits, identity.user_id, http.client_address())
        if body.usuario_id is not None:
            asked = db.transact(actions.ask_person, identity.user_id, body.usuario_id, history)
            done(asked, identity.user_id)
        elif body.email is not None:
            with even_time():
                asked = db.transact(actions.ask_email, identity.user_id, body.email)
            # Only now: the event of the list's change must not come sooner for one address than for another.
            done(asked, identity.user_id)
        return http.answer({"mensagem": payloads.ASKED}, 202)

    @http.route(routes, "GET", "/contatos/pedidos", answers={200: list[payloads.EmailRequestOut]})
    @requires_user
    def pedidos(identity: Identity) -> Any:
        """Os pedidos por e-mail ainda sem resposta, haja ou não um cadastro com ele."""
        asked = db.read(people.asked_emails, identity.user_id)
        return http.answer([payloads.email_request(each) for each in asked])

    @http.route(routes, "DELETE", "/contatos/pedidos/<int:pedido_id>", answers={204: None})
    @requires_user
    def cancelar_pedido(identity: Identity, pedido_id: int) -> Any:
        """Cancela um pedido por e-mail."""
        pace.count_change(limits, identity.user_id)
        with even_time():
            taken_back = db.transact(actions.take_back, identity.user_id, pedido_id)
        done(taken_back, identity.user_id)
        return "", 204

    @http.route(routes, "GET", PERSON, answers={200: payloads.ContactOut})
    @requires_user
    def contato(identity: Identity, usuario_id: int) -> Any:
        """Uma pessoa da lista, ou que já pagou você, com a última transferência que você lhe fez."""
        return answer_person(identity, usuario_id)

    @http.route(routes, "PUT", PERSON, body=payloads.Favourite, answers={200: payloads.ContactOut})
    @requires_user
    def favoritar(identity: Identity, usuario_id: int) -> Any:
        """Marca ou desmarca como favorito."""
        body = http.read_body(payloads.Favourite)
        change(actions.set_favourite, identity, usuario_id, favourite=body.favorito, history=history)
        return answer_person(identity, usuario_id)

    @http.route(routes, "DELETE", PERSON, answers={204: None})
    @requires_user
    def remover(identity: Identity, usuario_id: int) -> Any:
        """Tira da lista e desfaz o contato, ou recusa ou cancela o pedido."""
        return change(actions.remove, identity, usuario_id, history=history)

    @http.route(routes, "POST", f"{PERSON}/aceitar", answers={204: None})
    @requires_user
    def aceitar(identity: Identity, usuario_id: int) -> Any:
        """Aceita o pedido desta pessoa."""
        return change(actions.accept, identity, usuario_id)

    @http.route(routes, "POST", f"{PERSON}/recusar", answers={204: None})
    @requires_user
    def recusar(identity: Identity, usuario_id: int) -> Any:
        """Recusa o pedido; a outra pessoa não fica sabendo e não pode pedir de novo."""
        return change(actions.refuse, identity, usuario_id)

    @http.route(routes, "POST", f"{PERSON}/bloquear", answers={204: None})
    @requires_user
    def bloquear(identity: Identity, usuario_id: int) -> Any:
        """Bloqueia: desfaz o contato e os pedidos; a outra pessoa não fica sabendo."""
        return change(actions.block, identity, usuario_id, history=history)

    @http.route(routes, "POST", f"{PERSON}/desbloquear", answers={204: None})
    @requires_user
    def desbloquear(identity: Identity, usuario_id: int) -> Any:
        """Desbloqueia: a pessoa volta à lista, sem voltar a ser contato."""
        return change(actions.unblock, identity, usuario_id, history=history)

    return routes
