"""The wire: the name of every Socket.IO event and the typed shape of each payload. See docs/realtime.md."""

from typing import Any, NotRequired

from flask_socketio_cluster.wire import dumps as dumps
from flask_socketio_cluster.wire import event_packet as event_packet
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
PREFERENCIAS = "preferencias"

# both ways
NOTIFICACOES_LIDAS = "notificacoes_lidas"


def room_of(user_id: int | str) -> str:
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
    # Those that were read one by one just now; all up to `ate` are read besides.
    seqs: list[int]
