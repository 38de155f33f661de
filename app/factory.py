"""The only place that knows every part: builds one web node from its settings."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial

from flask import Blueprint, Flask
from flask.json.provider import DefaultJSONProvider
from flask_socketio_cluster.delivery.delivery import Delivery
from flask_socketio_cluster.limits.limiter import Limiter
from flask_socketio_cluster.node.leaving import Leaving
from flask_socketio_cluster.node.report import NODE, Reports
from sqlalchemy import Connection
from werkzeug.middleware.proxy_fix import ProxyFix

from app import cards, limiter, log, wire
from app.audit.failed_logins import FailedLogins
from app.bank import accounts, orders, payees, people_routes, receipt_routes, statement_files
from app.bank import events as bank_events
from app.bank import routes as bank_routes
from app.bank.file_slots import FileSlots
from app.chat import events as chat_events
from app.chat import routes as chat_routes
from app.chat.chat import Chat
from app.contacts import presence_routes
from app.contacts import queries as contacts
from app.contacts import routes as contact_routes
from app.contacts.presence import ContactPresence
from app.db import Database
from app.mail import routes as mail_routes
from app.notifications import events as inbox_events
from app.notifications import routes as inbox_routes
from app.notifications.security import warn
from app.panel import routes as panel_routes
from app.panel.feed import PanelFeed
from app.push import actions as push
from app.push import routes as push_routes
from app.push import vapid
from app.push.services import PushServices
from app.realtime import Realtime
from app.schedules import routes as schedule_routes
from app.schedules.schedule import Order
from app.settings import Settings
from app.streams.stream import streams
from app.telemetry import Spans
from app.users import passkey_routes, passkeys, recovery_routes, second_factor_routes, session_routes
from app.users import routes as user_routes
from app.users.attempts import Attempts
from app.users.auth import Auth, Identity
from app.users.devices import Devices
from app.users.passkeys import Challenges
from app.users.security import Security
from app.users.tokens import Tokens
from app.web import edge, health, openapi, pages

REQUEST_BYTES_MAX = 65_536
_log = log.get("node")


def create_app(settings: Settings) -> Flask:
    """One web node; its Node (`app.extensions`) is still to be started."""
    log.configure(node_id=settings.node_id, events=settings.log_events)
    app = Flask("app", static_folder=None, template_folder="web/templates")
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_BYTES_MAX
    app.json = _json(app)
    db = Database(settings.database_url)
    auth = Auth(db.authentication, Tokens(settings.token_keys(), settings.jwt_ttl_s, settings.session_ttl_s))
    limits = limiter.connect(settings.redis_url)
    failed_logins = FailedLogins(db.transact)
    panel = PanelFeed(db, Reports(settings.redis_url, keys=settings.signing()))
    realtime = Realtime(app, settings, db, auth, beside=(failed_logins, panel))
    panel.serve(realtime.delivery)
    # Exactly one proxy, nginx, stands in front; it overwrites what a client sends in these headers. Around Socket.IO
    # too, whose sessions are counted by address.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    chat = Chat(
        db,
        limits,
        connected=contacts.connected,
        held_connected=contacts.held_connected,
        require_owned=accounts.owned,
        tell=realtime.delivery.tell,
        committed=realtime.waker.wake,
    )
    presence = ContactPresence(db, limits, realtime.presence, realtime.delivery)
    _serve_events(db, limits, realtime.delivery, chat, presence)
    _serve_users(app, settings, db, auth, limits, realtime, failed_logins)
    app.register_blueprint(bank_routes.blueprint(db, auth, limits, beside=cards.add, committed=realtime.waker.wake))
    app.register_blueprint(people_routes.blueprint(db, auth, limits, connected=contacts.connected))
    app.register_blueprint(
        contact_routes.blueprint(
            db,
            auth,
            limits,
            history=payees,
            tell=realtime.delivery.tell,
            committed=realtime.waker.wake,
            changed=presence.changed_contact,
        )
    )
    app.register_blueprint(presence_routes.blueprint(db, auth, presence))
    app.register_blueprint(chat_routes.blueprint(db, auth, limits, chat, connected=contacts.connected))
    app.register_blueprint(statement_files.blueprint(db, auth, FileSlots(settings.redis_url)))
    app.register_blueprint(receipt_routes.blueprint(db, auth, limits, public_url=settings.public_url))
    app.register_blueprint(inbox_routes.blueprint(db, auth, tell=realtime.delivery.tell))
    app.register_blueprint(schedules(db, auth, limits))
    app.register_blueprint(
        push_routes.blueprint(db, auth, limits, vapid.from_settings(settings), PushServices(settings.push_hosts))
    )
    app.register_blueprint(health.blueprint(settings.node_id, db, realtime))
    app.register_blueprint(pages.blueprint())
    if settings.local_outbox:
        _log.warning("local_outbox", reading="/correio", meaning="mails, with codes, are shown to this machine's users")
        app.register_blueprint(mail_routes.blueprint(db, static_url=f"/static/{pages.static_version(pages.STATIC)}"))
    app.register_blueprint(openapi.blueprint(app))
    spans = Spans(role=NODE, node_id=settings.node_id) if settings.otel_exporter_otlp_endpoint else None
    edge.install(app, settings, limits, spans)
    return app


def _serve_users(
    app: Flask,
    settings: Settings,
    db: Database,
    auth: Auth,
    limits: Limiter,
    realtime: Realtime,
    failed_logins: FailedLogins,
) -> None:
    attempts, devices = Attempts(limits), Devices(settings.token_keys())
    challenges, site = Challenges(settings.token_keys()), passkeys.site_of(settings.public_url)
    security = Security(
        db,
        farewell=push.forget_sessions,
        warn=warn,
        ended=realtime.delivery.end_sessions,
        committed=realtime.waker.wake,
    )
    # Each node finds by itself what it ends, and says that it was revoked.
    revoking = Security(
        db,
        farewell=push.forget_sessions,
        warn=warn,
        ended=lambda _: None,
        committed=realtime.waker.wake,
    )
    drains = Leaving(settings.redis_url, keys=settings.signing())
    app.register_blueprint(panel_routes.blueprint(db, auth, limits, revoking, drains))
    app.register_blueprint(
        user_routes.blueprint(db, auth, limits, attempts, devices, failed_logins, security, welcome=welcome)
    )
    app.register_blueprint(session_routes.blueprint(db, auth, limits, attempts, security))
    app.register_blueprint(second_factor_routes.blueprint(db, auth, limits, attempts, security))
    app.register_blueprint(
        passkey_routes.blueprint(db, auth, limits, attempts, devices, challenges, failed_logins, security, site=site)
    )
    app.register_blueprint(recovery_routes.blueprint(db, auth, limits, attempts, security, has_mail=settings.has_mail))


def _serve_events(db: Database, limits: Limiter, delivery: Delivery, chat: Chat, presence: ContactPresence) -> None:
    delivery.answers(
        wire.SOLICITAR_SALDO,
        lambda who, address, data: bank_events.on_solicitar_saldo(db, limits, who.user_id, data, address=address),
    )
    delivery.acknowledges(
        wire.NOTIFICACOES_LIDAS,
        lambda who, data: inbox_events.on_notificacoes_lidas(db, delivery.tell, who.user_id, data),
    )
    delivery.answers(
        wire.PRESENCA_LISTAR, lambda who, _address, _data: (wire.PRESENCA_LISTA, presence.listing(who.user_id))
    )
    for event, handler in chat_events.HANDLERS.items():
        delivery.acknowledges(event, partial(_in_chat, handler, chat))


def _in_chat(handler: Callable[[Chat, int, object], object], chat: Chat, who: Identity, data: object) -> object:
    return handler(chat, who.user_id, data)


def schedules(db: Database, auth: Auth, limits: Limiter) -> Blueprint:
    """Their routes, which ask the bank about accounts."""

    def check(order: Order, address: str) -> None:
        orders.check(db, limits, orders.posting(**asdict(order)), address=address)

    return schedule_routes.blueprint(db, auth, limits, check=check, balances=accounts.balances)


def welcome(connection: Connection, user_id: int, name: str) -> None:
    """What a new user gets: a stream and a first account."""
    streams.open_for(connection, user_id)
    accounts.open_account(connection, user_id, name)


def _json(app: Flask) -> DefaultJSONProvider:
    provider = DefaultJSONProvider(app)
    provider.ensure_ascii = provider.sort_keys = False
    return provider
