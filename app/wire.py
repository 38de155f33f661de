"""The wire: the name of every Socket.IO event and the typed shape of each payload. See docs/realtime.md."""

import json
from typing import Any, NotRequired

from typing_extensions import TypedDict

# client → server
AUTENTICAR = "autenticar"
SOLICITAR_SALDO = "solicitar_saldo"
SINCRONIZAR = "sincronizar"

# server → client
CONEXAO = "conexao"
AUTENTICADO = "autenticado"
NOTIFICACAO = "notificacao"
SALDO_ATUALIZADO = "saldo_atualizado"
ERRO = "erro"
SESSAO_ENCERRADA = "sessao_encerrada"
SERVIDOR_DRENANDO = "servidor_drenando"

# both ways
NOTIFICACOES_LIDAS = "notificacoes_lidas"

NAMESPACE = "/"


def room_of(user_id: int) -> str:
    return f"user_{user_id}"


class Conexao(TypedDict):
    mensagem: str
    no: str


class Autenticado(TypedDict):
    mensagem: str
    usuario_id: int
    email: str
    seq: int
    epoca: int
    recuperado: bool


class Erro(TypedDict):
    mensagem: str
    codigo: str
    evento: NotRequired[str]


class SaldoAtualizado(TypedDict):
    CorrentistaID: int
    NomeCorrentista: str
    Saldo: float
    versao: int


class Movimentacao(TypedDict):
    MovimentacaoID: int
    CorrentistaID: int
    NomeCorrentista: str
    TipoOperacao: str
    Descricao: str
    DataOperacao: str
    ValorOperacao: float
    SaldoApos: float
    BeneficiarioID: int | None
    NomeBeneficiario: str | None
    OperacaoID: int


class Notificacao(TypedDict):
    tipo: str
    mensagem: str
    timestamp: str
    dados: dict[str, Any]
    id: NotRequired[str]
    seq: NotRequired[int]


class SessaoEncerrada(TypedDict):
    motivo: str


class ServidorDrenando(TypedDict):
    reconectar_em_ms: int


class NotificacoesLidas(TypedDict):
    ate: int
    nao_lidas: int


def dumps(payload: object) -> str:
    """Compact JSON without NaN, which would break the other side's JSON.parse. Never holds a raw newline."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def event_packet(name: str, payload_json: str) -> str:
    """The Socket.IO packet (protocol v5, namespace `/`) of one event whose payload is JSON already."""
    return f'2["{name}",{payload_json}]'
