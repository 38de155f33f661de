"""The only place that knows every part: builds one web node from its settings."""

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask_socketio_cluster.delivery.delivery import Delivery
from flask_socketio_cluster.limits.limiter import Limiter
from sqlalchemy import Connection
from werkzeug.middleware.proxy_fix import ProxyFix

from app import limiter, log, wire
from app.bank import accounts, receipt_routes, statement_files
from app.bank import events as bank_events
from app.bank import routes as bank_routes
from app.bank.file_slots import FileSlots
from app.db import Database
from app.notifications import events as inbox_events
from app.notifications import routes as inbox_routes
from app.push import actions as push
from app.push import routes as push_routes
from app.push import vapid
from app.push.services import PushServices
from app.realtime import Realtime
from app.settings import Settings
from app.streams.stream import streams
from app.users import routes as user_routes
from app.users.attempts import Attempts
from app.users.auth import Auth
from app.users.devices import Devices
from app.users.tokens import Tokens
from app.web import edge, health, openapi, pages

REQUEST_BYTES_MAX = 65_536


def create_app(settings: Settings) -> Flask:
    """One web node; its Node (`app.extensions`) is still to be started."""
    log.configure(node_id=settings.node_id)
    app = Flask("app", static_folder=None, template_folder="web/templates")
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_BYTES_MAX
    app.json = _json(app)
    db = Database(settings.database_url)
    auth = Auth(db.authentication, Tokens(settings.jwt_secret.get_secret_value(), settings.jwt_ttl_s))
    limits = limiter.connect(settings.redis_url)
    realtime = Realtime(app, settings, db, auth)
    # Exactly one proxy, nginx, stands in front; it overwrites what a client sends in these headers. Around Socket.IO
    # too, whose sessions are counted by address.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    _serve_events(db, limits, realtime.delivery)
    attempts, devices = Attempts(limits), Devices(settings.jwt_secret.get_secret_value())
    app.register_blueprint(
        user_routes.blueprint(
            db,
            auth,
            attempts,
            devices,
            welcome=welcome,
            farewell=push.forget_sessions,
            sessions_ended=realtime.delivery.end_sessions,
        )
    )
    app.register_blueprint(bank_routes.blueprint(db, auth, limits, committed=realtime.waker.wake))
    app.register_blueprint(statement_files.blueprint(db, auth, FileSlots(settings.redis_url)))
    app.register_blueprint(receipt_routes.blueprint(db, auth, limits))
    app.register_blueprint(inbox_routes.blueprint(db, auth, tell=realtime.delivery.tell))
    app.register_blueprint(
        push_routes.blueprint(db, auth, limits, vapid.from_settings(settings), PushServices(settings.push_hosts))
    )
    app.register_blueprint(health.blueprint(settings.node_id, db, realtime))
    app.register_blueprint(pages.blueprint())
    app.register_blueprint(openapi.blueprint(app))
    edge.install(app, settings, limits)
    return app


def _serve_events(db: Database, limits: Limiter, delivery: Delivery) -> None:
    delivery.answers(
        wire.SOLICITAR_SALDO,
        lambda who, address, data: bank_events.on_solicitar_saldo(db, limits, who.user_id, data, address=address),
    )
    delivery.acknowledges(
        wire.NOTIFICACOES_LIDAS,
        lambda who, data: inbox_events.on_notificacoes_lidas(db, delivery.tell, who.user_id, data),
    )


def welcome(connection: Connection, user_id: int, name: str) -> None:
    """What a new user gets: a stream and a first account."""
    streams.open_for(connection, user_id)
    accounts.open_account(connection, user_id, name)


def _json(app: Flask) -> DefaultJSONProvider:
    provider = DefaultJSONProvider(app)
    provider.ensure_ascii = provider.sort_keys = False
    return provider
