// @ts-check
import { formatBRL, toDecimal } from "./money.js";
/** @import { OperationBody, OperationKind } from "../types/wire.js" */
/** @import { Accounts } from "./accounts.js" */
/** @import { When } from "./schedule.js" */

/**
 * @typedef {object} Draft
 * @property {OperationKind} kind
 * @property {number} account
 * @property {number} cents
 * @property {string} [unread] why the amount that was typed is none
 * @property {string} description
 * @property {number | null} target the account a transfer goes to
 * @property {number | null} [request] the request for money that a transfer pays
 * @property {When | null} [when] a day to come; none for now
 */

export const DESCRIPTION_MAX = 140;

/** @type {Record<OperationKind, { title: string, verb: string, done: string, icon: string, path: string }>} */
export const OPERATIONS = {
  deposito: { title: "Depósito", verb: "Depositar", done: "Depósito feito", icon: "arrow-down-to-line", path: "/deposito" },
  saque: { title: "Saque", verb: "Sacar", done: "Saque feito", icon: "arrow-up-from-line", path: "/saque" },
  pagamento: { title: "Pagamento", verb: "Pagar", done: "Pagamento feito", icon: "receipt-text", path: "/pagamento" },
  transferencia: {
    title: "Transferência",
    verb: "Transferir",
    done: "Transferência feita",
    icon: "arrow-left-right",
    path: "/transferencia",
  },
};

/**
 * @param {string | undefined} name
 * @returns {name is OperationKind}
 */
export function isOperation(name) {
  return name !== undefined && Object.hasOwn(OPERATIONS, name);
}

/**
 * The page's own look before the bank's; one text per field that is wrong.
 * @param {Draft} draft
 * @param {Accounts} accounts
 * @returns {Record<string, string>}
 */
export function problemsOf({ kind, account, cents, unread, description, target, when }, accounts) {
  /** @type {Record<string, string>} */
  const found = {};
  const balance = accounts.find(account)?.cents ?? 0;
  if (unread) found.valor = unread;
  else if (cents === 0) found.valor = "Digite um valor.";
  else if (!when && kind !== "deposito" && cents > balance) found.valor = `O saldo da conta é ${formatBRL(balance)}.`;
  if (kind === "pagamento" && description.trim() === "") found.descricao = "Diga o que está pagando.";
  if (kind === "transferencia" && target === null) found.destino = "Digite o número da conta de destino.";
  if (kind === "transferencia" && target === account) found.destino = "A conta de destino é a própria conta de origem.";
  return found;
}

/**
 * What the account will have, as far as the page knows now.
 * @param {Draft} draft
 * @param {Accounts} accounts
 */
export function balanceAfter({ kind, account, cents }, accounts) {
  const own = accounts.find(account);
  return own && own.cents + (kind === "deposito" ? cents : -cents);
}

/**
 * @param {Draft} draft
 * @returns {OperationBody}
 */
export function bodyOf({ kind, account, cents, description, target, request }) {
  const valor = toDecimal(cents);
  const descricao = description.trim();
  if (kind === "transferencia") {
    const body = { correntista_id_origem: account, correntista_id_destino: target ?? 0, valor };
    return { ...body, ...(descricao ? { descricao } : {}), ...(request ? { cobranca_id: request } : {}) };
  }
  return kind === "pagamento"
    ? { correntista_id: account, valor, descricao }
    : { correntista_id: account, valor };
}

/**
 * The operation in one line, for the question "what was I doing?" after a reload.
 * @param {Draft} draft
 */
export function summaryOf({ kind, cents, target }) {
  const where = kind === "transferencia" ? ` para a conta ${target}` : "";
  return `${OPERATIONS[kind].title} de ${formatBRL(cents)}${where}`;
}
