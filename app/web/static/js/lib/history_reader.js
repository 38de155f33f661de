// @ts-check
import { Emitter } from "../models/emitter.js";
/** @import { ChatPages, Other } from "./chat_pages.js" */
/** @import { Chat } from "../models/chat.js" */

/**
 * One conversation as somebody reads through it, page by page: what is on its way, and what did not come.
 * @extends {Emitter<{ change: HistoryReader, begun: { other: Other | null, at: number } }>}
 */
export class HistoryReader extends Emitter {
  loading = false;
  failed = "";
  #pages;
  #model;
  #other;
  /** What was asked for before a fresh beginning says nothing any more. */
  #turn = 0;
  /** @type {() => Promise<void>} */
  #last = async () => undefined;

  /**
   * @param {{ pages: ChatPages, model: Chat }} chat
   * @param {number} other
   */
  constructor({ pages, model }, other) {
    super();
    this.#pages = pages;
    this.#model = model;
    this.#other = other;
  }

  get history() {
    return this.#model.of(this.#other).history;
  }

  /** @param {number} [at] an old message; without it the newest ones */
  begin(at = 0) {
    return this.#ask(async () => {
      const other = await this.#pages.show(this.#other, at);
      return () => this.emit("begun", { other, at });
    });
  }

  older() {
    return this.#more(this.history.hasOlder, () => this.#pages.older(this.#other));
  }

  newer() {
    return this.#more(this.history.hasNewer, () => this.#pages.newer(this.#other));
  }

  /** What failed, once more. */
  again() {
    return this.failed === "" ? undefined : this.#last();
  }

  /**
   * @param {boolean} exists
   * @param {() => Promise<unknown>} page
   */
  async #more(exists, page) {
    if (exists && this.history.loaded && !this.loading && !this.failed) await this.#ask(async () => (await page(), () => undefined));
  }

  /** @param {() => Promise<() => void>} page gives what is to be said once it is shown */
  async #ask(page) {
    const turn = (this.#turn += 1);
    this.#last = () => this.#ask(page);
    Object.assign(this, { loading: true, failed: "" });
    this.emit("change", this);
    let told = () => {};
    try {
      told = await page();
    } catch (error) {
      if (turn === this.#turn) this.failed = /** @type {Error} */ (error).message;
    }
    if (turn !== this.#turn) return;
    this.loading = false;
    this.emit("change", this);
    told();
  }
}
