"""The panel in the words of the contract."""

from typing_extensions import TypedDict

from app import wire
from app.fields import Announcement, Body
from app.panel.figures import SECOND, JobStand, Node, Panel, Worker

# Of each; a cluster has fewer.
ROWS_MAX = 100


class AnnouncementBody(Body):
    texto: Announcement


class DrainOut(TypedDict):
    no: str


class BroadcastOut(TypedDict):
    aviso_id: int


def panel(seen: Panel) -> wire.Painel:
    return {
        "por_segundo": seen.per == SECOND,
        "nos": [_node(node) for node in seen.nodes[:ROWS_MAX]],
        "workers": [_worker(worker) for worker in seen.workers[:ROWS_MAX]],
        "tarefas": [_job(job) for job in seen.jobs[:ROWS_MAX]],
    }


def _node(node: Node) -> wire.PainelNo:
    return {
        "nome": node.name,
        "ausente": node.is_gone,
        "drenando": node.is_leaving,
        "sockets": node.sockets,
        "usuarios": node.users,
        "sessoes": node.sessions,
        "sessoes_max": node.sessions_max,
        "cpu_percentual": node.cpu_percent,
        "eventos": node.events,
        "do_banco": node.from_database,
        "requisicoes": node.requests,
        "falhas": node.failed,
        "aberturas": node.handshakes,
        "recusadas": node.refused,
        "limitados": node.limited,
        "lentos": node.slow,
        "fila": node.waiting,
        "p50_ms": node.p50_ms,
        "p99_ms": node.p99_ms,
        "canario_s": node.canary_s,
    }


def _worker(worker: Worker) -> wire.PainelWorker:
    return {
        "nome": worker.name,
        "ausente": worker.is_gone,
        "cpu_percentual": worker.cpu_percent,
        "na_fila": worker.outbox_rows,
        "mais_antigo_s": worker.outbox_oldest_s,
        "publicados": worker.relayed,
        "p99_ms": worker.relay_p99_ms,
        "postos_de_lado": worker.set_aside,
        "falhas": worker.loop_failures,
    }


def _job(job: JobStand) -> wire.PainelTarefa:
    return {"nome": job.name, "ok": job.ok, "atraso_s": job.overdue_s}
