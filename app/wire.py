"""The wire: the name of every Socket.IO event and the typed shape of each payload. See docs/realtime.md."""

from typing import Any, NotRequired

from flask_socketio_cluster.wire import dumps as dumps
from flask_socketio_cluster.wire import event_packet as event_packet
from typing_extensions import TypedDict

# client → server
AUTENTICAR = "autenticar"
SOLICITAR_SALDO = "solicitar_saldo"
SINCRONIZAR = "sincronizar"
CHAT_ENVIAR = "chat_enviar"
CHAT_EDITAR = "chat_editar"
CHAT_APAGAR = "chat_apagar"
CHAT_RECEBIDA = "chat_recebida"
PRESENCA_LISTAR = "presenca_listar"
PAINEL_ACOMPANHAR = "painel_acompanhar"
PAINEL_SAIR = "painel_sair"

# server → client
CONEXAO = "conexao"
AUTENTICADO = "autenticado"
NOTIFICACAO = "notificacao"
SALDO_ATUALIZADO = "saldo_atualizado"
ERRO = "erro"
SESSAO_ENCERRADA = "sessao_encerrada"
SERVIDOR_DRENANDO = "servidor_drenando"
CONTATOS = "contatos"
PREFERENCIAS = "preferencias"
CONFIRMAR = "confirmar"
CHAT_MENSAGEM = "chat_mensagem"
CHAT_ALTERADA = "chat_alterada"
PRESENCA = "presenca"
PRESENCA_LISTA = "presenca_lista"
PAINEL = "painel"

# both ways
NOTIFICACOES_LIDAS = "notificacoes_lidas"
CHAT_LIDA = "chat_lida"
CHAT_DIGITANDO = "chat_digitando"


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
    tentar_em_ms: NotRequired[int]


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


class Contatos(TypedDict):
    """The list of contacts has changed; what it is now is read over HTTP."""


class NotificacoesLidas(TypedDict):
    ate: int
    nao_lidas: int
    # Those that were read one by one just now; all up to `ate` are read besides.
    seqs: list[int]


class Mensagem(TypedDict):
    """A message as both people see it: `chat_alterada` has it as it is by now, `chat_mensagem` when it is new."""

    mensagem_id: int
    de: int
    para: int
    tipo: str
    texto: str
    timestamp: str
    id_cliente: str | None
    editada: bool
    apagada: bool
    valor: float | None
    correntista_id: int | None
    situacao: str | None
    operacao_id: int | None


class ChatMensagem(Mensagem):
    conversa: int
    nome: str
    nao_lidas: int


class ChatAlterada(Mensagem):
    conversa: int


class ChatLida(TypedDict):
    """How far `usuario_id` has come in the conversation; `conversa` is the other one, for whoever hears it.
    `nao_lidas` for the reader alone."""

    conversa: int
    usuario_id: int
    lida_ate: int
    recebida_ate: int
    nao_lidas: NotRequired[int]


class ChatDigitando(TypedDict):
    usuario_id: int


class Presenca(TypedDict):
    usuario_id: int
    nome: str
    online: bool
    versao: int
    visto_em: str | None


class Presente(TypedDict):
    usuario_id: int
    nome: str


class PresencaLista(TypedDict):
    """Who of one's contacts is online, and by their ids when the others last were, if they show that.

    What is told of a person under a lower `versao` than is known of them is older, and is passed over.
    """

    usuarios: list[Presente]
    vistos: dict[str, str]
    versao: int


class PainelAcompanhado(TypedDict):
    ok: bool


class PainelNo(TypedDict):
    """How counts are meant: see `Painel`. Null: nothing was delivered, or it is the first time."""

    nome: str
    ausente: bool
    drenando: bool
    sockets: int
    usuarios: int
    sessoes: int
    sessoes_max: int
    cpu_percentual: float | None
    eventos: float
    do_banco: float
    requisicoes: float
    falhas: float
    aberturas: float
    recusadas: float
    limitados: float
    lentos: float
    fila: int
    p50_ms: float | None
    p99_ms: float | None
    canario_s: float


class PainelWorker(TypedDict):
    nome: str
    ausente: bool
    cpu_percentual: float | None
    na_fila: int
    mais_antigo_s: float
    publicados: float
    p99_ms: float | None
    postos_de_lado: int
    falhas: float


class PainelTarefa(TypedDict):
    nome: str
    ok: bool
    atraso_s: float


class Painel(TypedDict):
    """For administrators that asked for it. `por_segundo`: whether counts are a second's, or all since the start."""

    por_segundo: bool
    nos: list[PainelNo]
    workers: list[PainelWorker]
    tarefas: list[PainelTarefa]
