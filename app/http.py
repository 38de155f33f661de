"""Strict JSON in, JSON out, and what the API's document is made from."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request
from flask_socketio_cluster.transport.connection import client_network
from pydantic import BaseModel

from app.errors import DuplicateKeys, Invalid, NotFound, NotJson
from app.fields import ID_MAX, Query, read

INTEGER_DIGITS_MAX = 19
QUERY_VALUE_CHARS_MAX = 500
KEY_CHARS_MAX = 255

M = TypeVar("M", bound=BaseModel)
V = TypeVar("V", bound=Callable[..., Any])


@dataclass(frozen=True)
class Operation:
    """What the API's document says of one route, besides what its function's docstring says."""

    body: type[BaseModel] | None = None
    query: type[Query] | None = None
    answers: dict[int, Any] = field(default_factory=dict)
    open: bool = False
    idempotent: bool = False
    tag: str = ""
    # Of a 200 answer that is not JSON.
    media_type: str | None = None
    body_required: bool = True
    # Whether a Link header says where it goes on.
    paged: bool = False
    # Whether a large amount asks for a code in a header.
    approved: bool = False


def route(
    blueprint: Blueprint,
    method: str,
    path: str,
    *,
    body: type[BaseModel] | None = None,
    query: type[Query] | None = None,
    answers: dict[int, Any],
    open_to_all: bool = False,
    idempotent: bool = False,
    media_type: str | None = None,
    body_required: bool = True,
    paged: bool = False,
    approved: bool = False,
) -> Callable[[V], V]:
    """Register a view and what the API's document says of it. `answers`: status → type of the body, or None."""

    def register(view: V) -> V:
        described = Operation(
            body, query, answers, open_to_all, idempotent, blueprint.name, media_type, body_required, paged, approved
        )
        view.operation = described  # type: ignore[attr-defined]  # read by app.web.openapi
        blueprint.add_url_rule(path, view_func=view, methods=[method])
        return view

    return register


def refuse_large_ids(blueprint: Blueprint) -> None:
    """404 for an id that no database takes. The router's own `max` would answer 405 where one address takes several
    methods."""

    def refuse() -> None:
        if any(isinstance(value, int) and value > ID_MAX for value in (request.view_args or {}).values()):
            raise NotFound

    blueprint.before_request(refuse)


def read_body(model: type[M]) -> M:
    """The request's JSON object as a `model`. Raises NotJson, DuplicateKeys or Invalid."""
    return read(model, load_json(request.get_data(cache=True)))


def read_query(model: type[M]) -> M:
    """The request's query string as a `model`. An empty field counts as none. Raises DuplicateKeys or Invalid."""
    if any(len(values) > 1 for values in request.args.listvalues()):
        raise DuplicateKeys("O endereço repete um mesmo campo.")
    values = {key: value for key, value in request.args.items() if value != ""}
    if any(len(value) > QUERY_VALUE_CHARS_MAX or "\0" in value for value in values.values()):
        raise Invalid("Um dos filtros é longo demais ou tem caracteres que não são permitidos.")
    return read(model, values)


def read_key() -> str | None:
    """The request's Idempotency-Key. Raises Invalid. The server's own keys live beside the clients'; its prefix keeps
    them apart."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= KEY_CHARS_MAX or not key.isascii() or not key.isprintable():
        raise Invalid(f"A Idempotency-Key deve ter de 1 a {KEY_CHARS_MAX} caracteres ASCII visíveis.")
    return f"key:{key}"


def answer(body: object, status: int = 200) -> tuple[Response, int]:
    return jsonify(body), status


def link_next(answered: tuple[Response, int], **changed: object) -> None:
    """Say where the answer goes on: the same question with some of its fields changed."""
    query = {**request.args.to_dict(), **{name: str(value) for name, value in changed.items()}}
    answered[0].headers["Link"] = f'<{request.path}?{urlencode(query)}>; rel="next"'


def load_json(raw: bytes) -> object:
    """Strict JSON: UTF-8, numbers with a point as Decimal, nothing lost to binary floats.

    Exponents, NaN and Infinity become Decimal("NaN"), which no field accepts. Raises NotJson, DuplicateKeys.
    """
    try:
        return _DECODER.decode(raw.decode())
    except (ValueError, RecursionError):
        raise NotJson from None


def _number(text: str) -> Decimal:
    return Decimal("NaN") if "e" in text.lower() else Decimal(text)


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= INTEGER_DIGITS_MAX else Decimal("NaN")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = dict(pairs)
    if len(keys) != len(pairs):
        raise DuplicateKeys
    return keys


_DECODER = json.JSONDecoder(
    parse_float=_number,
    parse_int=_integer,
    parse_constant=lambda _: Decimal("NaN"),
    object_pairs_hook=_unique,
)


def client_address() -> str:
    """Where the request is from, for limits (see `connection.client_network`)."""
    return client_network(request.environ)
