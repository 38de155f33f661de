"""`/healthz`, `/readyz` and `/metrics`."""

from typing import Any

import gevent
from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app import door
from app.errors import DatabaseDown
from app.realtime.bus import CANARY_DEAF_S
from app.web.node import Node

DATABASE_WAIT_S = 2.0


def blueprint(node: Node) -> Blueprint:
    routes = Blueprint("saude", __name__)

    @routes.get("/healthz")
    def healthz() -> Any:
        """200 while the process serves; touches nothing else."""
        return door.answer({"estado": "ok", "no": node.settings.node_id})

    @routes.get("/readyz")
    def readyz() -> Any:
        """503 while draining, without the database, or while nothing can be written to it. Without Redis the node is
        slower, not wrong, and much to do is no illness: still 200."""
        age_s = node.realtime.bus.canary_age_s()
        database = _database(node)
        deaf = age_s > CANARY_DEAF_S
        usable = database == "ok"
        state = "drenando" if node.draining else "indisponivel" if not usable else "degradado" if deaf else "pronto"
        body = {
            "estado": state,
            "no": node.settings.node_id,
            "banco": database,
            "redis": "degradado" if deaf else "ok",
            "canario_s": round(age_s, 1),
            "drenando": node.draining,
        }
        return door.answer(body, 200 if usable and not node.draining else 503)

    @routes.get("/metrics")
    def metrics() -> Any:
        """Prometheus text; nginx does not let it through."""
        return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)

    return routes


def _database(node: Node) -> str:
    """`ok`, `nao_grava` or `indisponivel`, within DATABASE_WAIT_S: who asks gives up sooner than a query does."""
    with gevent.Timeout(DATABASE_WAIT_S, False):
        try:
            node.db.ping()
        except DatabaseDown:
            return "indisponivel"
        return "ok" if node.db.writable() else "nao_grava"
    return "indisponivel"
