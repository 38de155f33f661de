"""The API's document, OpenAPI 3.1, made from the routes themselves."""

import re
from typing import Any

from flask import Blueprint, Flask, Response
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import TypedDict

from app.fields import ID_MAX
from app.http import KEY_CHARS_MAX, Operation
from app.users.approval import HEADER
from app.users.codes import TYPED_CHARS_MAX

VERSION = "1"
_TEMPLATE = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"<(?:(?P<kind>[a-z]+)(?:\([^)]*\))?:)?(?P<name>\w+)>")

_REFUSALS = {
    400: "O corpo não é JSON",
    401: "Sem token, ou com um que não vale",
    403: "Não é seu",
    404: "Não existe",
    409: "Conflito",
    413: "Grande demais",
    422: "Bem formado, mas não permitido",
    429: "Rápido demais; veja Retry-After",
    503: "Uma dependência está fora do ar, ou há muita procura; veja Retry-After",
}


class ErroOut(TypedDict):
    erro: str
    codigo: str


def blueprint(app: Flask) -> Blueprint:
    """The document of the routes that `app` has by now, written once."""
    routes = Blueprint("openapi", __name__)
    written = app.json.dumps(document(app))

    @routes.get("/api/openapi.json")
    def documento() -> Any:
        return Response(written, mimetype="application/json")

    return routes


def document(app: Flask) -> dict[str, Any]:
    """The whole document of the app's routes that carry an Operation."""
    schemas: dict[str, Any] = {}
    _schema(ErroOut, schemas)
    paths: dict[str, dict[str, Any]] = {}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        operation: Operation | None = getattr(view, "operation", None)
        if operation is None:
            continue
        path = _PARAMETER.sub(r"{\g<name>}", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            described = _operation(rule.rule, view.__name__, view.__doc__ or "", operation, schemas)
            paths.setdefault(path, {})[method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Saldo Vivo",
            "version": VERSION,
            "description": "Um banco brasileiro ao vivo. Dinheiro em reais, com no máximo duas casas decimais.",
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(rule: str, name: str, words: str, operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": name,
        "tags": [operation.tag],
        "summary": words.strip(),
        "parameters": _parameters(rule, operation, schemas),
        "responses": {
            **{str(status): _answer(kind, operation, schemas) for status, kind in operation.answers.items()},
            **{str(status): _refusal(text) for status, text in _REFUSALS.items()},
        },
    }
    if operation.body is not None:
        schema = _schema(operation.body, schemas)
        described["requestBody"] = {
            "required": operation.body_required,
            "content": {"application/json": {"schema": schema}},
        }
    if not operation.open:
        described["security"] = [{"bearer": []}]
    return described


def _parameters(rule: str, operation: Operation, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {
            "name": match["name"],
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 1, "maximum": ID_MAX}
            if match["kind"] == "int"
            else {"type": "string", "minLength": 1},
        }
        for match in _PARAMETER.finditer(rule)
    ]
    if operation.query is not None:
        schema = _schema(operation.query, schemas, inline=True)
        for name, field in schema["properties"].items():
            parameters.append({"name": name, "in": "query", "required": False, "schema": _without_null(field)})
    if operation.idempotent:
        schema = {"type": "string", "minLength": 1, "maxLength": KEY_CHARS_MAX, "pattern": "^[ -~]+$"}
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema})
    if operation.approved:
        schema = {"type": "string", "minLength": 1, "maxLength": TYPED_CHARS_MAX, "pattern": "^[ -~]+$"}
        text = "Um código do segundo fator: em cada ação do painel e, no dinheiro, a partir do limite de quem o ativou."
        header = {"name": HEADER, "in": "header", "required": False, "schema": schema, "description": text}
        parameters.append(header)
    return parameters


def _answer(kind: Any, operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    if operation.media_type is not None:
        return {"description": "O arquivo", "content": {operation.media_type: {"schema": {"type": "string"}}}}
    if kind is None:
        return {"description": "Feito"}
    described: dict[str, Any] = {
        "description": "Feito",
        "content": {"application/json": {"schema": _schema(kind, schemas)}},
    }
    if operation.paged:
        text = 'Onde continua, com rel="next"; ausente no fim.'
        described["headers"] = {"Link": {"description": text, "required": False, "schema": {"type": "string"}}}
    return described


def _refusal(text: str) -> dict[str, Any]:
    schema = {"$ref": _TEMPLATE.format(model=ErroOut.__name__)}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _schema(kind: Any, schemas: dict[str, Any], *, inline: bool = False) -> dict[str, Any]:
    """The JSON schema of a body or answer; the types it names go to `schemas`."""
    made = TypeAdapter(kind).json_schema(ref_template=_TEMPLATE, schema_generator=GenerateJsonSchema)
    schemas.update(made.pop("$defs", {}))
    name = getattr(kind, "__name__", "")
    if inline or not (isinstance(kind, type) and (issubclass(kind, BaseModel) or hasattr(kind, "__total__"))):
        return made
    schemas[name] = made
    return {"$ref": _TEMPLATE.format(model=name)}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query field is there or not; it is never null."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else {k: v for k, v in schema.items() if k not in ("default", "title")}
