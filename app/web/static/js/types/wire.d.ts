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
    /** The person did it, on whatever device. */
    propria?: boolean;
    movimentacoes?: Row[];
  } | null;
  /** On a page of the inbox; what comes by the socket does not say. */
  lida?: boolean;
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

export type OperationKind = "deposito" | "saque" | "pagamento" | "transferencia";

export interface OperationBody {
  correntista_id?: number;
  correntista_id_origem?: number;
  correntista_id_destino?: number;
  valor: string;
  descricao?: string;
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
