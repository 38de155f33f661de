/** What travels between the page and the server; names are the contract's. */

export type Money = number | string;

export interface AccountPayload {
  CorrentistaID: number;
  NomeCorrentista: string;
  Saldo: Money;
  versao?: number;
}

export interface Row {
  MovimentacaoID: number;
  CorrentistaID: number;
  NomeCorrentista: string;
  TipoOperacao: "Crédito" | "Débito";
  Descricao: string;
  DataOperacao: string;
  ValorOperacao: Money;
  SaldoApos: Money;
  BeneficiarioID: number | null;
  NomeBeneficiario: string | null;
  OperacaoID: number;
}

/** Sums of days, newest first. A day that is split between two pages adds up. */
export interface Totals {
  dias: { dia: string; entrou: Money; saiu: Money }[];
  ate_movimentacao: number;
}

export interface Summary {
  mes: string;
  entrou: Money;
  saiu: Money;
  saldos: { dia: string; saldo: Money }[];
  contas: { CorrentistaID: number; ate_movimentacao: number }[];
  desde: string | null;
}

export interface Notification {
  seq: number;
  tipo: string;
  mensagem: string;
  timestamp: string;
  dados: {
    valor?: Money;
    descricao?: string | null;
    correntista_id?: number;
    operacao_id?: number;
    /** The schedule that did it, or could not. */
    agendamento_id?: number;
    /** The person did it, on whatever device. */
    propria?: boolean;
    movimentacoes?: Row[];
    /** Of somebody who asks to be a contact, or accepted. */
    usuario_id?: number;
    /** That was opened on a new device. */
    sessao_id?: string;
  } | null;
  /** On a page of the inbox; what comes by the socket does not say. */
  lida?: boolean;
}

/** The last transfer of the person to another. */
export interface LastTransfer {
  operacao_id: number;
  valor: Money;
  descricao: string;
  correntista_id_origem: number;
  correntista_id_destino: number;
  data: string;
}

/** Somebody whom the person knows. The name is masked where they are strangers to each other. */
export interface PersonPayload {
  usuario_id: number;
  nome: string;
  situacao: "contato" | "pedido_enviado" | "pedido_recebido" | "historico" | "bloqueado";
  favorito: boolean;
  CorrentistaID: number | null;
  ultima_transferencia: LastTransfer | null;
}

/** What the person typed to ask somebody; whether it reached anybody is not said. */
export interface EmailRequest {
  pedido_id: number;
  email: string;
  data: string;
}

/** Whom a transfer would reach. */
export interface Holder {
  CorrentistaID: number;
  Titular: string;
  contato: boolean;
  primeira_vez: boolean;
}

export interface DurableEvent {
  seq: number;
}

export interface Authenticated {
  usuario_id: number;
  email: string;
  seq: number;
  epoca: number;
  recuperado: boolean;
}

export interface Inbox {
  notificacoes: Notification[];
  nao_lidas: number;
  seq: number;
  /** All up to here are read; later ones say so themselves. */
  ate?: number;
}

/** All up to `ate` are read; `seqs` were unread until now. */
export interface ReadNotices {
  ate: number;
  nao_lidas: number;
  seqs?: number[];
}

export interface Verified {
  valido: boolean;
  codigo: string;
  tipo: string;
  valor: Money;
  data: string;
  origem: string | null;
  destino: string | null;
}

export interface Party {
  CorrentistaID: number;
  Titular: string;
}

/** A receipt as its parties see it. `qr` is a picture of `endereco`. */
export interface Proof {
  operacao_id: number;
  tipo: string;
  valor: Money;
  descricao: string;
  data: string;
  origem: Party | null;
  destino: Party | null;
  codigo: string;
  endereco: string;
  qr: string;
}

export interface User {
  id: number;
  email: string;
  nome: string;
}

export interface Credentials {
  token: string;
  usuario: User;
}

export interface OperationAnswer {
  mensagem: string;
  operacao_id: number;
  movimentacao: Row;
  saldo: Money;
}

export type Recurrence = "unica" | "semanal" | "mensal";

/** A payment has `correntista_id`, a transfer the two others. */
export interface Schedule {
  id: number;
  tipo: "transferencia" | "pagamento";
  correntista_id?: number;
  correntista_id_origem?: number;
  correntista_id_destino?: number;
  valor: Money;
  descricao: string;
  data: string;
  recorrencia: Recurrence;
  ate: string | null;
  estado: "ativo" | "encerrado" | "cancelado";
  proxima_data: string | null;
  dia_util: string | null;
  proxima_tentativa: string | null;
  ultima: { data: string; resultado: "feito" | "sem_fundos" | "recusado"; mensagem: string; momento: string; operacao_id: number | null } | null;
}

/** What is planned from `de` to `ate`; `valor` is negative when it leaves the account. */
export interface Projection {
  de: string;
  ate: string;
  contas: {
    CorrentistaID: number;
    saldo: Money;
    datas: { data: string; saldo: Money; sem_fundos: boolean; agendamentos: { agendamento_id: number; valor: Money; sem_fundos: boolean }[] }[];
  }[];
  feriados: { data: string; nome: string }[];
}

export type OperationKind = "deposito" | "saque" | "pagamento" | "transferencia";

export interface OperationBody {
  correntista_id?: number;
  correntista_id_origem?: number;
  correntista_id_destino?: number;
  valor: string;
  descricao?: string;
  /** The request for money that a transfer pays. */
  cobranca_id?: number;
}

export type RequestStatus = "aberta" | "paga" | "recusada" | "cancelada";

/** A message as both people see it. */
export interface Message {
  mensagem_id: number;
  de: number;
  para: number;
  tipo: "texto" | "transferencia" | "cobranca";
  texto: string;
  timestamp: string;
  id_cliente: string | null;
  editada: boolean;
  apagada: boolean;
  valor: Money | null;
  correntista_id: number | null;
  situacao: RequestStatus | null;
  operacao_id: number | null;
}

/** `conversa`: the other person. `nao_lidas`: of this conversation, once the message is in it. */
export interface MessageEvent extends Message {
  conversa: number;
  nome: string;
  nao_lidas: number;
}

/** How far `usuario_id` has come; `nao_lidas` when that is the person themselves. */
export interface ReadEvent {
  conversa: number;
  usuario_id: number;
  lida_ate: number;
  recebida_ate: number;
  nao_lidas?: number;
}

export interface ConversationPayload {
  usuario_id: number;
  nome: string;
  nao_lidas: number;
  lida_ate: number;
  outro_lida_ate: number;
  outro_recebida_ate: number;
  ultima: Message | null;
}

export interface Conversations {
  conversas: ConversationPayload[];
  nao_lidas: number;
}

export interface PresenceEvent {
  usuario_id: number;
  nome: string;
  online: boolean;
  versao: number;
  visto_em: string | null;
}

/** `vistos`: when those who are not online last were, by their ids. */
export interface PresenceList {
  usuarios: { usuario_id: number; nome: string }[];
  vistos: Record<string, string>;
  versao: number;
}

export interface Preferences {
  sons: Record<string, string>;
  /** Kinds without sound, not shown as they arrive, and not pushed. */
  mudos: string[];
  ocultos: string[];
  sem_push: string[];
  push_valores: boolean;
  /** The zone of the quiet hours. */
  fuso: string;
  silencio: { ativo: boolean; inicio: string; fim: string };
  volume: number;
  /** Minutes without a touch before the password is asked for; 0 for never. */
  bloqueio_min: number;
}

/** Where the person is logged in; `local` is an address. */
export interface OwnSession {
  id: string;
  aparelho: string;
  local: string;
  criada_em: string;
  usada_em: string;
  expira_em: string;
  atual: boolean;
}

export interface Passkey {
  id: number;
  aparelho: string;
  criada_em: string;
  usada_em: string | null;
}

export interface SecondFactor {
  ativo: boolean;
  desde: string | null;
  /** From this amount on money asks for a code. */
  limite: Money;
  codigos_restantes: number;
}

/** `uri` for the app of codes, and the same as a picture. */
export interface SecondFactorSecret {
  segredo: string;
  uri: string;
  qr: string;
}

/** Counts are of a second where `por_segundo`, else of all time. */
export interface PanelNode {
  nome: string;
  ausente: boolean;
  drenando: boolean;
  sockets: number;
  usuarios: number;
  sessoes: number;
  sessoes_max: number;
  cpu_percentual: number | null;
  eventos: number;
  do_banco: number;
  requisicoes: number;
  falhas: number;
  aberturas: number;
  recusadas: number;
  limitados: number;
  lentos: number;
  fila: number;
  p50_ms: number | null;
  p99_ms: number | null;
  canario_s: number;
}

export interface PanelWorker {
  nome: string;
  ausente: boolean;
  cpu_percentual: number | null;
  na_fila: number;
  mais_antigo_s: number;
  publicados: number;
  p99_ms: number | null;
  postos_de_lado: number;
  falhas: number;
}

export interface Panel {
  por_segundo: boolean;
  nos: PanelNode[];
  workers: PanelWorker[];
  tarefas: { nome: string; ok: boolean; atraso_s: number }[];
}
