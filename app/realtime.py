"""The bank on the cluster package: its names on the wire, its texts, and who its tokens are."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from flask import Flask
from flask_socketio import SocketIO
from flask_socketio_cluster import errors as cluster_errors
from flask_socketio_cluster.bus.manager import RoutedRedisManager
from flask_socketio_cluster.bus.waker import Waker
from flask_socketio_cluster.delivery import messages
from flask_socketio_cluster.delivery.delivery import Delivery
from flask_socketio_cluster.delivery.identity import Ended
from flask_socketio_cluster.delivery.messages import Messages, Place, Said, milliseconds
from flask_socketio_cluster.limits import Bucket, ClientLimits
from flask_socketio_cluster.node.balance import Balance
from flask_socketio_cluster.node.node import Node, Part
from flask_socketio_cluster.node.report import NODE, NODE_METRICS, Report
from flask_socketio_cluster.presence import Presence
from flask_socketio_cluster.streams.database_clock import DatabaseClock
from flask_socketio_cluster.streams.stream import Head
from flask_socketio_cluster.transport.transport import Transport
from pydantic import Field

from app import errors, metrics, wire
from app.db import Database
from app.errors import AppError
from app.fields import Body, Seq, read
from app.settings import Settings
from app.streams.stream import streams
from app.users.auth import Auth, Identity, ended_since

PING_INTERVAL_S = 20
PING_TIMEOUT_S = 20
MESSAGE_BYTES_MAX = 16_384
BAD_REQUEST = '{"erro": "A requisição não pôde ser entendida.", "codigo": "requisicao_invalida"}'

# How the reasons and refusals of the package are called here.
_REASONS = {
    messages.LOGOUT: "logout",
    messages.REVOKED: "revogado",
    messages.EXPIRED: "expirado",
    messages.UNAUTHENTICATED: "sem_autenticacao",
    messages.TOO_FAST: "muitas_requisicoes",
    messages.TOO_MANY_SOCKETS: "muitas_conexoes",
}
_REFUSALS: dict[type[Exception], type[AppError]] = {
    cluster_errors.NotAuthenticated: errors.NotAuthenticated,
    cluster_errors.TokenExpired: errors.ExpiredToken,
    cluster_errors.OtherKey: errors.WrongUser,
    cluster_errors.Overloaded: errors.Overloaded,
    cluster_errors.RateExceeded: errors.TooFast,
    cluster_errors.UnknownEvent: errors.UnknownEvent,
}
# Of what costs more than others: by user, on all nodes. A page authenticates once, and once again for each new token.
_EVENT_RATES = {
    wire.AUTENTICAR: Bucket("event:autenticar", per_s=5, burst=50),
    wire.SINCRONIZAR: Bucket("event:sincronizar", per_s=5, burst=50),
    wire.PRESENCA_LISTAR: Bucket("event:presenca_listar", per_s=2, burst=20),
    wire.PAINEL_ACOMPANHAR: Bucket("event:painel_acompanhar", per_s=2, burst=20),
}


class Realtime:
    """The Socket.IO side of a node, attached to `app`. Nothing runs before the node of `app` is started; `beside` is
    what else runs with it."""

    def __init__(
        self, app: Flask, settings: Settings, db: Database, auth: Auth, *, beside: Sequence[Part] = ()
    ) -> None:
        self.bus = RoutedRedisManager(settings.redis_url, node_id=settings.node_id, keys=settings.signing())
        self.waker = Waker(settings.redis_url)
        socketio = SocketIO(
            app,
            async_mode="gevent",
            client_manager=self.bus,
            # Asked by the transport, before a session is made.
            cors_allowed_origins=[],
            manage_session=False,
            always_connect=True,
            # One event of a socket after the other, which bounds what a client can start.
            async_handlers=False,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            max_http_buffer_size=MESSAGE_BYTES_MAX,
        )
        transport = Transport(
            socketio.server,
            may_connect=partial(_may_connect, settings.cors_origins),
            headers=("Host",),
            limits=ClientLimits(events=_EVENT_RATES, dry_run=settings.limits_dry_run),
        )
        self.delivery = Delivery(
            socketio.server,
            bus=self.bus,
            transport=transport,
            streams=streams,
            read=db.read,
            read_missed=db.catch_up.read,
            read_token=auth.tokens.read,
            verify=auth.check,
            ended_since=partial(_ended_since, db),
            unavailable=(errors.DatabaseDown,),
            refusals=(AppError,),
            messages=bank_messages(),
            room_of=wire.room_of,
        )
        self.presence = Presence(
            settings.redis_url, node_id=settings.node_id, unavailable=(errors.DatabaseDown, errors.OutcomeUnknown)
        )
        self.delivery.follow_sockets(self.presence.enter, self.presence.leave)
        self.delivery.follow_gaps(self.presence.missed)
        balance = Balance(settings.redis_url, node_id=settings.node_id, transport=transport)
        report = Report(
            settings.redis_url,
            name=settings.node_id,
            role=NODE,
            counted=(*NODE_METRICS, metrics.HTTP_ANSWERS, metrics.GATE_WAITING, metrics.GATE_REFUSED),
            keys=settings.signing(),
        )
        database_clock = DatabaseClock(db.probes.read, unavailable=(errors.DatabaseDown,))
        parts = (database_clock, self.bus, transport, self.delivery, self.presence, balance, self.waker, auth.uses)
        self.node = Node(app, *parts, report, *beside, drain_s=settings.drain_s, bad_request=BAD_REQUEST.encode())


def _may_connect(others: tuple[str, ...], origin: str, environ: dict[str, Any]) -> bool:
    """Pages of the bank itself, whatever ends TLS in front of it, and of the origins that the settings name."""
    scheme, _, host = origin.partition("://")
    return origin in others or (scheme in ("http", "https") and host == environ.get("HTTP_HOST"))


def _ended_since(db: Database, moment: datetime) -> list[Ended]:
    return db.read(ended_since, moment)


# -- what the bank says ----------------------------------------------------------------------------


class Authenticate(Body):
    token: Annotated[str, Field(max_length=2048)] | None = None
    ultimo_seq: Seq | None = None
    epoca: Seq | None = None


class Synchronize(Body):
    desde: Seq


def bank_messages() -> Messages:
    return Messages(
        authenticate=wire.AUTENTICAR,
        synchronize=wire.SINCRONIZAR,
        confirm=wire.CONFIRMAR,
        read_place=_read_place,
        read_after=lambda data: read(Synchronize, data).desde,
        greeting=_greeting,
        authenticated=_authenticated,
        refused=_refused,
        come_again=_come_again,
        ended=lambda reason: (wire.SESSAO_ENCERRADA, wire.SessaoEncerrada(motivo=_REASONS[reason])),
        draining=lambda after_ms: (wire.SERVIDOR_DRENANDO, wire.ServidorDrenando(reconectar_em_ms=after_ms)),
    )


def _read_place(data: dict[str, Any]) -> Place:
    body = read(Authenticate, data)
    return Place(body.ultimo_seq, body.epoca)


def _greeting(node_id: str) -> Said:
    return wire.CONEXAO, wire.Conexao(mensagem="Conectado ao servidor WebSocket", no=node_id)


def _authenticated(identity: Identity, head: Head, recovered: bool) -> Said:
    answer: wire.Autenticado = {
        "mensagem": "Autenticado com sucesso",
        "usuario_id": identity.user_id,
        "email": identity.email,
        "seq": head.seq,
        "epoca": head.epoch,
        "recuperado": recovered,
    }
    return wire.AUTENTICADO, answer


def _refused(error: Exception, event: str) -> Said:
    return wire.ERRO, _error(error, event)


def _come_again(error: Exception, event: str, after_ms: int) -> Said:
    return wire.ERRO, {**_error(error, event), "tentar_em_ms": after_ms}


def _error(error: Exception, event: str) -> wire.Erro:
    told = _app_error(error)
    answer = wire.Erro(mensagem=told.text, codigo=told.code)
    if event:
        answer["evento"] = event
    retry_after_s = error.retry_after_s if isinstance(error, cluster_errors.RateExceeded) else told.retry_after_s
    if retry_after_s is not None:
        answer["tentar_em_ms"] = milliseconds(retry_after_s)
    return answer


def _app_error(error: Exception) -> AppError:
    if isinstance(error, AppError):
        return error
    if isinstance(error, cluster_errors.NotAnObject):
        return errors.Invalid("O evento deve levar um objeto JSON.")
    return _REFUSALS.get(type(error), AppError)()
