"""What every HTTP answer has in common: errors in one shape, security headers, CORS, timing."""

from typing import Any

from flask import Flask, Response, g, request
from flask_socketio_cluster import trace
from flask_socketio_cluster.limits.limiter import Limiter
from werkzeug.exceptions import HTTPException

from app import clock, deadline, http, log, metrics
from app.bank import pace
from app.errors import AppError, MethodNotAllowed, NotFound, NotJson, TooLarge
from app.settings import Settings
from app.telemetry import Spans
from app.users.auth import Identity

CSP = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
TRUSTED_TYPES = "; require-trusted-types-for 'script'; trusted-types saldo-vivo"
# Swagger UI builds its page with inline styles and its own DOM sinks.
DOCS_CSP = CSP.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
CORS_MAX_AGE_S = 3600
# nginx writes over what a client says there, and says it in each answer.
TRACE_HEADER = "X-Request-Id"

_HTTP_ERRORS: dict[int, type[AppError]] = {400: NotJson, 404: NotFound, 405: MethodNotAllowed, 413: TooLarge}
_log = log.get("http")


def install(app: Flask, settings: Settings, limits: Limiter, spans: Spans | None = None) -> None:
    app.register_error_handler(AppError, lambda error: _refused(_told(error, limits)))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _accident)
    app.before_request(_start)
    app.after_request(_secure)
    app.after_request(lambda answer: _allow_origin(answer, settings.cors_origins))
    app.after_request(lambda answer: _measure(answer, spans))
    # The connection's next request is another one's, also where it is for Socket.IO.
    app.teardown_request(lambda _error: trace.end())


def _told(error: AppError, limits: Limiter) -> AppError:
    """Who looks for accounts, or for operations of others, is told so a few times."""
    identity: Identity | None = g.get("identity")
    return error if identity is None else pace.told_of(error, limits, identity.user_id, http.client_address())


def _refused(error: AppError) -> Any:
    body, status = http.answer({"erro": error.text, "codigo": error.code}, error.status)
    if error.retry_after_s is not None:
        body.headers["Retry-After"] = str(error.retry_after_s)
    if error.status == 401:
        body.headers["WWW-Authenticate"] = "Bearer"
    return body, status


def _http_error(error: HTTPException) -> Any:
    kind = _HTTP_ERRORS.get(error.code or 500)
    answer, status = _refused(kind() if kind else AppError())
    if kind is None:
        status = error.code or 500
    if allowed := getattr(error, "valid_methods", None):
        answer.headers["Allow"] = ", ".join(sorted(allowed))
    return answer, status


def _accident(error: Exception) -> Any:
    _log.error("request_failed", route=_route(), exc_info=error)
    return _refused(AppError())


def _start() -> None:
    g.started_s = clock.monotonic_s()
    trace.begin(request.headers.get(TRACE_HEADER))
    deadline.begin()


def _secure(answer: Response) -> Response:
    headers = answer.headers
    if request.endpoint == "paginas.documentacao":
        headers["Content-Security-Policy"] = DOCS_CSP
    else:
        headers["Content-Security-Policy"] = CSP + TRUSTED_TYPES
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    headers.setdefault("Cache-Control", "no-store")
    return answer


def _allow_origin(answer: Response, origins: tuple[str, ...]) -> Response:
    origin = request.headers.get("Origin")
    if origin in origins:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Idempotency-Key, Segundo-Fator"
        answer.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, DELETE"
        answer.headers["Access-Control-Expose-Headers"] = f"Link, Retry-After, {TRACE_HEADER}"
        answer.headers["Access-Control-Max-Age"] = str(CORS_MAX_AGE_S)
        answer.headers.add("Vary", "Origin")
    return answer


def _measure(answer: Response, spans: Spans | None) -> Response:
    deadline.end()
    seconds = clock.monotonic_s() - g.started_s
    status = str(answer.status_code)
    metrics.HTTP_SECONDS.labels(_route(), status).observe(seconds)
    metrics.HTTP_ANSWERS.labels(status).inc()
    if spans is not None:
        spans.request(request.method, _route(), answer.status_code, seconds)
    return answer


def _route() -> str:
    return request.url_rule.rule if request.url_rule else "unknown"
