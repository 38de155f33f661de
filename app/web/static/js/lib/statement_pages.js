// @ts-check
import { Emitter } from "../models/emitter.js";
import { dayStart } from "../models/dates.js";
import { matches, Statement } from "../models/statement.js";
/** @import { Http } from "./http.js" */
/** @import { Filter } from "../models/statement.js" */
/** @import { Row } from "../types/wire.js" */

const PAGE_ROWS = 50;

/**
 * One filtered statement, page by page, with the rows that come by themselves on top.
 * @extends {Emitter<{ change: Set<number> }>}
 */
export class StatementPages extends Emitter {
  statement = new Statement();
  complete = false;
  failed = "";
  loading = false;
  #http;
  /** @type {Filter} */
  #filter = {};
  /** A page that was asked for under an earlier filter is not shown. */
  #turn = 0;

  /** @param {Http} http */
  constructor(http) {
    super();
    this.#http = http;
  }

  /** @param {Filter} filter with an account */
  show(filter) {
    this.#filter = filter;
    this.#turn += 1;
    this.loading = false;
    this.complete = false;
    this.statement.replace([]);
    return this.more();
  }

  async more() {
    if (this.loading || this.complete || !this.#filter.account) return;
    const turn = this.#turn;
    this.loading = true;
    this.failed = "";
    this.emit("change", new Set());
    try {
      /** @type {Row[]} */
      const rows = await this.#http.get(`/extrato/${this.#filter.account}?${this.#query()}`);
      if (turn !== this.#turn) return;
      this.statement.add(rows);
      this.complete = rows.length < PAGE_ROWS;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.failed = /** @type {Error} */ (error).message;
    }
    this.loading = false;
    this.emit("change", new Set());
  }

  #query() {
    const before = this.statement.oldestId;
    const query = filterQuery(this.#filter);
    query.set("limite", String(PAGE_ROWS));
    if (before !== null) query.set("antes", String(before));
    return query;
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
  if (from) query.set("de", dayStart(from));
  if (to) query.set("ate", dayStart(to, 1));
  if (kind) query.set("tipo", kind);
  if (text?.trim()) query.set("texto", text.trim());
  return query;
}
