// @ts-check
import { Emitter } from "../models/emitter.js";
/** @import { Http } from "./http.js" */
/** @import { Message } from "../types/wire.js" */

export const SEARCH_MAX = 100;

/**
 * What was looked for in the person's conversations, and what was found so far.
 * @extends {Emitter<{ change: MessageSearch }>}
 */
export class MessageSearch extends Emitter {
  text = "";
  /** @type {Message[]} newest first */
  found = [];
  failed = "";
  loading = false;
  /** @type {string | null} */
  #next = null;
  /** What was asked for under an earlier text is not shown. */
  #turn = 0;
  #http;

  /** @param {Http} http */
  constructor(http) {
    super();
    this.#http = http;
  }

  get complete() {
    return this.#next === null;
  }

  /** @param {string} text */
  look(text) {
    const texto = text.trim();
    this.#turn += 1;
    Object.assign(this, { text, found: [], failed: "", loading: false });
    this.#next = texto ? `/conversas/busca?${new URLSearchParams({ texto })}` : null;
    this.emit("change", this);
    return this.more();
  }

  /** A page may be empty and not be the last one: it goes on until something is found. */
  async more() {
    const turn = this.#turn;
    if (this.loading || this.#next === null) return;
    Object.assign(this, { loading: true, failed: "" });
    this.emit("change", this);
    try {
      const { body, next } = await this.#http.page(this.#next);
      if (turn !== this.#turn) return;
      this.found = [...this.found, ...body];
      this.#next = next;
    } catch (error) {
      if (turn === this.#turn) this.failed = /** @type {Error} */ (error).message;
    }
    if (turn !== this.#turn) return;
    this.loading = false;
    this.emit("change", this);
  }
}
