// @ts-check
/** @import { Http } from "./http.js" */
/** @import { Chat } from "../models/chat.js" */
/** @import { History } from "../models/history.js" */
/** @import { Outbox } from "../models/outbox.js" */
/** @import { Session } from "../models/session.js" */
/** @import { Message } from "../types/wire.js" */

const PAGE_ROWS = 40;
/** Before an old message that was looked for. */
const AROUND_ROWS = 20;

/** @typedef {{ usuario_id: number, nome: string, pode_escrever: boolean }} Other */

/** Fetches what was said, page by page, into the model. */
export class ChatPages {
  #http;
  #session;
  #model;
  #outbox;

  /**
   * @param {{ http: Http, session: Session }} app
   * @param {{ model: Chat, outbox: Outbox }} parts
   */
  constructor({ http, session }, { model, outbox }) {
    this.#http = http;
    this.#session = session;
    this.#model = model;
    this.#outbox = outbox;
  }

  /**
   * The newest messages, or those around an old one.
   * @param {number} other
   * @param {number} [at] the old message
   */
  show(other, at = 0) {
    /** @type {Record<string, number>} */
    const query = at ? { antes: at + 1, limite: AROUND_ROWS } : { limite: PAGE_ROWS };
    return this.#page(other, query, (history, rows, more) => history.replace(rows, { hasOlder: more, hasNewer: at > 0 }));
  }

  /** @param {number} other */
  older(other) {
    const before = this.#model.of(other).history.oldestId;
    return this.#page(other, { antes: before, limite: PAGE_ROWS }, (history, rows, more) => history.addOlder(rows, { before, hasOlder: more }));
  }

  /** @param {number} other */
  newer(other) {
    const after = this.#model.of(other).history.newestId;
    // Pages towards the newest end with one that is not full.
    return this.#page(other, { depois_de: after, limite: PAGE_ROWS }, (history, rows) => history.addNewer(rows, { after, hasNewer: rows.length === PAGE_ROWS }));
  }

  /**
   * @param {number} other
   * @param {Record<string, number>} query
   * @param {(history: History, rows: Message[], more: boolean) => void} join
   * @returns {Promise<Other | null>}
   */
  async #page(other, query, join) {
    const user = this.#session.user?.id;
    const load = this.#model.begin();
    const numbers = Object.entries(query).map(([name, value]) => [name, String(value)]);
    try {
      const { body, next } = await this.#http.page(`/conversas/${other}/mensagens?${new URLSearchParams(numbers)}`);
      if (this.#session.user?.id !== user) return null;
      body.mensagens.forEach((/** @type {Message} */ { de, id_cliente }) => de === user && this.#outbox.remove(id_cliente));
      this.#model.loadPage(load, other, body, (history, rows) => join(history, rows, next !== null));
      return body.pessoa;
    } finally {
      this.#model.drop(load);
    }
  }
}
