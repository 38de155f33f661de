// @ts-check
import { Emitter } from "../models/emitter.js";
import { Statement } from "../models/statement.js";
/** @import { Http } from "./http.js" */

const PAGE_ROWS = 50;

/**
 * What went between the person and another, page by page.
 * @extends {Emitter<{ change: Set<number> }>}
 */
export class PersonPages extends Emitter {
  statement = new Statement();
  failed = "";
  loading = false;
  #http;
  #first;
  /** @type {string | null} the page that follows; null after the last */
  #next;

  /**
   * @param {Http} http
   * @param {number} id of the other
   */
  constructor(http, id) {
    super();
    this.#http = http;
    this.#first = this.#next = `/contatos/${id}/movimentacoes?limite=${PAGE_ROWS}`;
  }

  /** Whether all rows are here. */
  get complete() {
    return this.#next === null;
  }

  async more() {
    const path = this.#next;
    if (this.loading || path === null) return;
    this.loading = true;
    this.failed = "";
    this.emit("change", new Set());
    try {
      const { body, next } = await this.#http.page(path);
      this.statement.add(body);
      this.#next = next;
    } catch (error) {
      this.failed = /** @type {Error} */ (error).message;
    }
    this.loading = false;
    this.emit("change", new Set());
  }

  /** Something moved: what is new joins what is here. Rows that lie further back than one page are seen after a reload. */
  async refresh() {
    const answer = await this.#http.page(this.#first).catch(() => null);
    const fresh = answer ? this.statement.add(answer.body) : [];
    if (fresh.length) this.emit("change", new Set(fresh.map((row) => row.MovimentacaoID)));
  }
}
