"""`/healthz`, `/readyz` and `/metrics`."""

from typing import Any

import gevent
from flask import Blueprint, Response
from flask_socketio_cluster import clock
from flask_socketio_cluster.streams import database_clock
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app import http
from app import metrics as counts
from app.db import Database
from app.errors import DatabaseDown
from app.realtime import Realtime

DATABASE_WAIT_S = 2.0


def blueprint(node_id: str, db: Database, realtime: Realtime) -> Blueprint:
    routes = Blueprint("saude", __name__)

    @routes.get("/healthz")
    def healthz() -> Any:
        """200 while the process serves; touches nothing else."""
        return http.answer({"estado": "ok", "no": node_id})

    @routes.get("/readyz")
    def readyz() -> Any:
        """503 while draining, without the database, or while nothing can be written to it. Without Redis the node is
        slower, not wrong, and much to do is no illness: still 200. So is a machine whose clock is off, since the
        database's decides; but somebody should see to it."""
        canary = realtime.bus.canary
        database = _database(db)
        draining, deaf = realtime.node.draining, canary.is_deaf()
        usable = database == "ok"
        impaired = deaf or database_clock.is_off()
        state = "drenando" if draining else "indisponivel" if not usable else "degradado" if impaired else "pronto"
        body = {
            "estado": state,
            "no": node_id,
            "banco": database,
            "redis": "degradado" if deaf else "ok",
            "canario_s": round(canary.age_s(), 1),
            "relogio_s": round(clock.machine_offset_s(), 1),
            "drenando": draining,
        }
        return http.answer(body, 200 if usable and not draining else 503)

    @routes.get("/metrics")
    def metrics() -> Any:
        """Prometheus text; nginx does not let it through. Asks the database, within DATABASE_WAIT_S."""
        counts.READY.set(_database(db) == "ok" and not realtime.node.draining)
        return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)

    return routes


def _database(db: Database) -> str:
    """`ok`, `nao_grava` or `indisponivel`, within DATABASE_WAIT_S: who asks gives up sooner than a query does."""
    with gevent.Timeout(DATABASE_WAIT_S, False):
        try:
            db.ping()
        except DatabaseDown:
            return "indisponivel"
        return "ok" if db.writable() else "nao_grava"
    return "indisponivel"
