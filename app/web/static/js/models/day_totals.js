// @ts-check
import { dayKey } from "./dates.js";
import { toCents } from "./money.js";
import { signedCents } from "./statement.js";
/** @import { Row, Totals } from "../types/wire.js" */

/**
 * The sums of a filtered statement's days: what the server counted, and the rows that came after it did. So a sum is
 * right however few of its day's rows are here, and does not change as more of them are loaded.
 */
export class DayTotals {
  /** @type {Map<string, number>} */
  #cents = new Map();
  /** @type {number | null} the newest row that the server counted */
  #countedTo = null;
  #oldest = "";
  #complete = false;

  /**
   * @param {Totals} page the newest days first, each page older than the last
   * @param {boolean} complete whether no older days follow
   */
  add({ dias, ate_movimentacao }, complete) {
    // Later pages hold older days and are of a later moment; what came in between is counted by its rows.
    this.#countedTo ??= ate_movimentacao;
    dias.forEach(({ dia, entrou, saiu }) => this.#cents.set(dia, (this.#cents.get(dia) ?? 0) + toCents(entrou) - toCents(saiu)));
    this.#oldest = dias.at(-1)?.dia ?? this.#oldest;
    this.#complete = complete;
  }

  /**
   * Whether the sum of a day is known: a day may go on in the next page.
   * @param {string} day
   */
  knows(day) {
    return this.#countedTo !== null && (this.#complete || (this.#oldest !== "" && day > this.#oldest));
  }

  /**
   * @param {string} day
   * @param {Row[]} rows of that day, those that are here
   * @returns {number | null} centavos; null while it is not known
   */
  of(day, rows) {
    if (!this.knows(day)) return null;
    const since = rows.filter((row) => row.MovimentacaoID > (this.#countedTo ?? 0) && dayKey(row.DataOperacao) === day);
    return since.reduce((sum, row) => sum + signedCents(row), this.#cents.get(day) ?? 0);
  }
}
