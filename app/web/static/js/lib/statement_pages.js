// @ts-check
import { DayTotals } from "../models/day_totals.js";
import { dayKey } from "../models/dates.js";
import { Emitter } from "../models/emitter.js";
import { Statement } from "../models/statement.js";
import { matches } from "../models/statement_filter.js";
/** @import { Http } from "./http.js" */
/** @import { Filter } from "../models/statement_filter.js" */
/** @import { Row } from "../types/wire.js" */

const PAGE_ROWS = 50;

/**
 * One filtered statement, page by page, with the rows that come by themselves on top and the sums of its days.
 * @extends {Emitter<{ change: Set<number> }>}
 */
export class StatementPages extends Emitter {
  statement = new Statement();
  totals = new DayTotals();
  failed = "";
  loading = false;
  /** Whether this is only what the page had already, because the bank could not be asked. */
  remembered = false;
  #http;
  /** @type {Filter} */
  #filter = {};
  /** A page that was asked for under an earlier filter is not shown. */
  #turn = 0;
  /** @type {string | null} the page that follows; null after the last */
  #nextRows = null;
  /** @type {string | null} */
  #nextTotals = null;

  /** @param {Http} http */
  constructor(http) {
    super();
    this.#http = http;
  }

  /** Whether all rows are here. */
  get complete() {
    return this.#nextRows === null;
  }

  /** @param {Filter} filter with an account */
  show(filter) {
    const query = filterQuery(filter);
    this.#filter = filter;
    this.#turn += 1;
    this.loading = false;
    this.#nextTotals = `/extrato/${filter.account}/totais?${query}`;
    query.set("limite", String(PAGE_ROWS));
    this.#nextRows = `/extrato/${filter.account}?${query}`;
    this.remembered = false;
    this.statement.replace([]);
    this.totals = new DayTotals();
    return this.more();
  }

  async more() {
    if (this.loading || !this.#filter.account || (this.complete && this.#summed)) return;
    const turn = this.#turn;
    this.loading = true;
    this.failed = "";
    this.emit("change", new Set());
    try {
      await this.#fetch(turn);
    } catch (error) {
      if (turn === this.#turn) this.failed = /** @type {Error} */ (error).message;
    }
    if (turn !== this.#turn) return;
    this.loading = false;
    this.emit("change", new Set());
  }

  /**
   * Rows first: what the server counts afterwards holds all of them.
   * @param {number} turn
   */
  async #fetch(turn) {
    if (this.#nextRows !== null) {
      const { body, next } = await this.#http.page(this.#nextRows);
      if (turn !== this.#turn) return;
      this.statement.add(body);
      this.#nextRows = next;
    }
    while (!this.#summed && this.#nextTotals !== null) {
      const { body, next } = await this.#http.page(this.#nextTotals);
      if (turn !== this.#turn) return;
      this.#nextTotals = next;
      this.totals.add(body, next === null);
    }
  }

  /** Whether the sum of every day that is shown is known. */
  get #summed() {
    const oldest = this.statement.rows.at(-1);
    return oldest === undefined || this.totals.knows(dayKey(oldest.DataOperacao));
  }

  /** @param {Row[]} rows that the page has, of all accounts */
  remember(rows) {
    if (!this.failed || this.statement.rows.length > 0) return;
    this.remembered = this.statement.add(rows.filter((row) => matches(row, this.#filter))).length > 0;
    if (this.remembered) this.emit("change", new Set());
  }

  /** From where it failed; what was only remembered may have holes, and is asked for anew. */
  again() {
    return this.remembered ? this.show(this.#filter) : this.more();
  }

  /**
   * Whether what is shown begins as a snapshot does. After an absence that no event bridges it does not.
   * @param {Row[]} rows newest first, of all accounts
   */
  agrees(rows) {
    if (this.loading || this.failed) return true;
    const newest = rows.find((row) => matches(row, this.#filter));
    return !newest || newest.MovimentacaoID === this.statement.rows[0]?.MovimentacaoID;
  }

  /** @param {Row[]} rows that just happened */
  receive(rows) {
    const fresh = this.statement.add(rows.filter((row) => matches(row, this.#filter)));
    if (fresh.length) this.emit("change", new Set(fresh.map((row) => row.MovimentacaoID)));
  }
}

/** @param {Filter} filter */
export function filterQuery({ from, to, kind, text }) {
  const query = new URLSearchParams();
  if (from) query.set("de", from);
  if (to) query.set("ate", to);
  if (kind) query.set("tipo", kind);
  if (text?.trim()) query.set("texto", text.trim());
  return query;
}
