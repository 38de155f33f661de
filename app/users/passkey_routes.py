"""HTTP routes of passkeys: entering with one, and keeping one's own."""

from typing import Any

from flask import Blueprint
from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter
from sqlalchemy import Connection

from app import http
from app.audit.events import Kind, record
from app.audit.failed_logins import FailedLogins
from app.db import Database
from app.errors import ActionNeedsCode, PasskeysOff, RefusedCode, RefusedPasskey, WrongCode, WrongPasskey
from app.users import actions, bearer, logins, passkeys, payloads, second_factor, visit
from app.users.attempts import Attempts
from app.users.auth import Auth, Identity
from app.users.devices import Devices
from app.users.own_password import require_password
from app.users.passkeys import Challenge, Challenges, Made, Passkey, Purpose, Site
from app.users.security import Effects, Security, SecurityNotice

# Neither costs more than a signature.
ASKS_BY_ADDRESS = limiter.per_minute("passkey-asks", 60)
TRIES_BY_ADDRESS = limiter.per_minute("passkey-tries", 30)
READS_BY_USER = limiter.per_minute("passkey-reads", 60)
CHANGES_BY_USER = limiter.per_minute("passkey-changes", 20)


def blueprint(
    db: Database,
    auth: Auth,
    limits: Limiter,
    attempts: Attempts,
    devices: Devices,
    challenges: Challenges,
    failed_logins: FailedLogins,
    security: Security,
    *,
    site: Site | None,
) -> Blueprint:
    """`site`: None where browsers allow none."""
    routes = Blueprint("chaves_de_acesso", __name__)
    requires_user = bearer.requires_user(auth)
    tokens = auth.tokens
    http.refuse_large_ids(routes)

    def here() -> Site:
        if site is None:
            raise PasskeysOff
        return site

    @http.route(
        routes, "GET", "/chaves-de-acesso/disponiveis", answers={200: payloads.PasskeysHereOut}, open_to_all=True
    )
    def disponiveis() -> Any:
        """Se há chaves de acesso neste banco, e em que origem a página precisa estar para usá-las."""
        return http.answer({"disponiveis": site is not None, "origem": site.origin if site else None})

    @http.route(routes, "POST", "/login/chave/opcoes", answers={200: dict[str, Any]}, open_to_all=True)
    def opcoes_para_entrar() -> Any:
        """O que o navegador precisa para entrar com uma chave de acesso (PublicKeyCredentialRequestOptionsJSON)."""
        limits.check(ASKS_BY_ADDRESS, http.client_address())
        return http.answer(passkeys.options_to_enter(here(), challenges.new(Purpose.ENTER)))

    @http.route(
        routes,
        "POST",
        "/login/chave",
        body=payloads.PasskeyAnswer,
        answers={200: payloads.SessionOut},
        open_to_all=True,
    )
    def entrar_com_chave() -> Any:
        """Entra com uma chave de acesso. Ela vale pelos dois fatores; um aparelho novo é avisado aos outros."""
        credential = http.read_body(payloads.PasskeyAnswer).credencial
        limits.check(TRIES_BY_ADDRESS, http.client_address())
        challenge = challenges.in_answer(credential, Purpose.ENTER)
        key = db.authentication.read(passkeys.kept, passkeys.credential_id_of(credential))
        if key is None:
            failed_logins.count(None)
            raise WrongPasskey
        device = visit.device(devices)
        try:
            count = passkeys.shown_count(credential, challenge, here(), key)
            entered = security.transact(
                logins.enter_by_passkey,
                key,
                count,
                challenge,
                visit.place(),
                tokens,
                is_known_device=key.user_id in device.user_ids,
            )
            if entered is None:
                raise WrongPasskey
        except WrongPasskey:
            failed_logins.count(key.user_id)
            raise
        person, session = entered
        return visit.opened(person, session, tokens, devices, device, "Login realizado com sucesso")

    @http.route(routes, "GET", "/chaves-de-acesso", answers={200: list[payloads.PasskeyOut]})
    @requires_user
    def chaves_de_acesso(identity: Identity) -> Any:
        """As chaves de acesso de quem está autenticado, a mais antiga primeiro."""
        limits.check(READS_BY_USER, str(identity.user_id))
        return http.answer([payloads.passkey(each) for each in db.read(passkeys.of_user, identity.user_id)])

    @http.route(
        routes,
        "POST",
        "/chaves-de-acesso/opcoes",
        body=payloads.PasswordAndMaybeCode,
        answers={200: dict[str, Any]},
    )
    @requires_user
    def opcoes_para_criar(identity: Identity) -> Any:
        """O que o navegador precisa para criar uma chave (PublicKeyCredentialCreationOptionsJSON). Pede a senha e, com
        o segundo fator ativo, um código: a chave vale pelos dois."""
        body = http.read_body(payloads.PasswordAndMaybeCode)
        own_site = here()
        limits.check(CHANGES_BY_USER, str(identity.user_id))
        require_password(db, attempts, identity.user_id, body.senha)
        if body.codigo is not None:
            second_factor.count_try(limits, identity.user_id, is_inside=True)
        person, known = db.authentication.transact(_may_add, identity.user_id, body.codigo)
        challenge = challenges.new(Purpose.ADD, identity.user_id)
        return http.answer(passkeys.options_to_add(own_site, challenge, person, known))

    @http.route(routes, "POST", "/chaves-de-acesso", body=payloads.PasskeyAnswer, answers={201: payloads.PasskeyOut})
    @requires_user
    def criar_chave(identity: Identity) -> Any:
        """Guarda a chave que o navegador criou. Quem tem a conta é avisado."""
        credential = http.read_body(payloads.PasskeyAnswer).credencial
        limits.check(CHANGES_BY_USER, str(identity.user_id))
        try:
            challenge = challenges.in_answer(credential, Purpose.ADD, identity.user_id)
            made = passkeys.made_in(credential, challenge, here())
            added = security.transact(_add, identity.user_id, made, visit.place().device, challenge)
        except WrongPasskey:
            raise RefusedPasskey from None
        return http.answer(payloads.passkey(added), 201)

    @http.route(
        routes,
        "DELETE",
        "/chaves-de-acesso/<int:chave_id>",
        body=payloads.OwnPassword,
        answers={204: None},
    )
    @requires_user
    def remover_chave(identity: Identity, chave_id: int) -> Any:
        """Remove uma chave própria, com a senha. Quem tem a conta é avisado."""
        body = http.read_body(payloads.OwnPassword)
        limits.check(CHANGES_BY_USER, str(identity.user_id))
        require_password(db, attempts, identity.user_id, body.senha)
        security.transact(_remove, identity.user_id, chave_id)
        return "", 204

    return routes


def _may_add(connection: Connection, user_id: int, code: str | None) -> tuple[actions.Person, list[str]]:
    """Who adds a key, and the ids of those there are. Raises ActionNeedsCode, RefusedCode."""
    if second_factor.is_active(connection, user_id):
        if code is None:
            raise ActionNeedsCode
        try:
            second_factor.use(connection, user_id, code)
        except WrongCode:
            raise RefusedCode from None
    return actions.by_id(connection, user_id), passkeys.credential_ids(connection, user_id)


def _add(
    connection: Connection, effects: Effects, user_id: int, made: Made, name: str, challenge: Challenge
) -> Passkey:
    actions.lock(connection, user_id)
    added = passkeys.add(connection, user_id, made, name, challenge)
    record(connection, Kind.PASSKEY_ADDED, user_id=user_id, detail={"passkey": added.id})
    effects.notices.append(SecurityNotice(user_id, f"Nova chave de acesso na sua conta: {name}", {}))
    return added


def _remove(connection: Connection, effects: Effects, user_id: int, passkey_id: int) -> None:
    actions.lock(connection, user_id)
    passkeys.remove(connection, user_id, passkey_id)
    record(connection, Kind.PASSKEY_REMOVED, user_id=user_id, detail={"passkey": passkey_id})
    effects.notices.append(SecurityNotice(user_id, "Uma chave de acesso da sua conta foi removida.", {}))
