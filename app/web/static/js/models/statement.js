// @ts-check
import { toCents } from "./money.js";
import { dayKey } from "./dates.js";
/** @import { Row } from "../types/wire.js" */

/** Statement rows, newest first, each once whatever the order in which they came. */
export class Statement {
  /** @type {Map<number, Row>} */
  #byId = new Map();
  /** @type {Row[] | null} */
  #sorted = null;

  /** @param {Row[]} rows */
  replace(rows) {
    this.#byId.clear();
    this.add(rows);
  }

  /**
   * @param {Row[]} rows
   * @returns {Row[]} those that were not here before
   */
  add(rows) {
    const fresh = rows.filter((row) => !this.#byId.has(row.MovimentacaoID));
    fresh.forEach((row) => this.#byId.set(row.MovimentacaoID, row));
    this.#sorted = null;
    return fresh;
  }

  /** @returns {Row[]} */
  get rows() {
    this.#sorted ??= [...this.#byId.values()].sort((a, b) => b.MovimentacaoID - a.MovimentacaoID);
    return this.#sorted;
  }

  /** The id below which the next older page starts. */
  get oldestId() {
    return this.rows.at(-1)?.MovimentacaoID ?? null;
  }
}

/**
 * Where the receipt of a row is: the operation, and which of its sides.
 * @param {Pick<Row, "OperacaoID" | "MovimentacaoID">} row
 */
export const receiptPath = ({ OperacaoID, MovimentacaoID }) => `comprovante/${OperacaoID}/${MovimentacaoID}`;

/**
 * The row that a receipt shows; of a transfer between own accounts, without a side, the one that paid.
 * @param {Row[]} rows
 * @param {string} operation
 * @param {string} [side] the row's id
 */
export function receiptRow(rows, operation, side) {
  const both = rows.filter((row) => String(row.OperacaoID) === operation);
  if (side) return both.find((row) => String(row.MovimentacaoID) === side);
  return both.find((row) => row.TipoOperacao === "Débito") ?? both[0];
}

/**
 * What kind of operation a row is of: with a person it is a transfer, with the bank one of the others.
 * @param {Row} row
 */
export function kindName({ BeneficiarioID, TipoOperacao, Descricao }) {
  if (BeneficiarioID !== null) return "Transferência";
  if (TipoOperacao === "Crédito") return "Depósito";
  return Descricao === "Saque" ? "Saque" : "Pagamento";
}

/** @param {Row} row */
export function signedCents(row) {
  const cents = toCents(row.ValorOperacao);
  return row.TipoOperacao === "Débito" ? -cents : cents;
}

/**
 * @param {Row[]} rows newest first
 * @returns {{ day: string, rows: Row[] }[]}
 */
export function groupByDay(rows) {
  /** @type {{ day: string, rows: Row[] }[]} */
  const groups = [];
  for (const row of rows) {
    const day = dayKey(row.DataOperacao);
    if (groups.at(-1)?.day !== day) groups.push({ day, rows: [] });
    groups[groups.length - 1].rows.push(row);
  }
  return groups;
}
