// @ts-check
/** @import { Message } from "../types/wire.js" */

/**
 * A run of a conversation's messages without holes. It may end before the newest one, where somebody went back to an
 * older message: what arrives then does not join it.
 */
export class History {
  /** False until a page has come, and when what is here may be out of date. */
  loaded = false;
  hasOlder = false;
  hasNewer = false;
  /** @type {Map<number, Message>} */
  #byId = new Map();

  /** @returns {Message[]} oldest first */
  get list() {
    return [...this.#byId.values()].sort((a, b) => a.mensagem_id - b.mensagem_id);
  }

  get oldestId() {
    return this.list[0]?.mensagem_id ?? 0;
  }

  get newestId() {
    return this.list.at(-1)?.mensagem_id ?? 0;
  }

  /** @param {number} id */
  find(id) {
    return this.#byId.get(id) ?? null;
  }

  /**
   * @param {Message[]} page
   * @param {{ hasOlder: boolean, hasNewer: boolean }} ends
   */
  replace(page, { hasOlder, hasNewer }) {
    this.#byId = new Map(page.map((message) => [message.mensagem_id, message]));
    Object.assign(this, { loaded: true, hasOlder, hasNewer });
  }

  /**
   * @param {Message[]} page
   * @param {{ before: number, hasOlder: boolean }} how one that no longer joins what is here is passed over
   */
  addOlder(page, { before, hasOlder }) {
    if (!this.loaded || before !== this.oldestId) return;
    page.forEach((message) => this.#byId.set(message.mensagem_id, message));
    this.hasOlder = hasOlder;
  }

  /**
   * @param {Message[]} page
   * @param {{ after: number, hasNewer: boolean }} how
   */
  addNewer(page, { after, hasNewer }) {
    if (!this.loaded || after !== this.newestId) return;
    page.forEach((message) => this.#byId.set(message.mensagem_id, message));
    this.hasNewer = hasNewer;
  }

  /** @param {Message} message that is new, or was known before the page that has it came */
  receive(message) {
    const id = message.mensagem_id;
    const joins = this.loaded && !this.hasNewer && (id > this.oldestId || !this.hasOlder);
    if (joins || this.#byId.has(id)) this.#byId.set(id, message);
  }

  /** @param {Message} message that is not as it was */
  change(message) {
    if (this.#byId.has(message.mensagem_id)) this.#byId.set(message.mensagem_id, message);
  }

  /** Events were missed: a page is to be fetched. What is here is shown until then. */
  expire() {
    this.loaded = false;
  }
}
