// @ts-check
import { Emitter } from "./emitter.js";
import { OUTBOX_KEY } from "./session.js";
/** @import { Store } from "./session.js" */

/** More than these wait for nobody. */
const WAITING_MAX = 50;

/**
 * @typedef {object} Waiting a message that the bank does not have, as far as is known
 * @property {string} id_cliente under which it is sent, however often: the bank takes it once
 * @property {number} para
 * @property {string} texto
 * @property {string} timestamp when it was written
 * @property {string} falha why the bank refused it; empty while it waits
 */

/**
 * Messages that were written and not acknowledged, in the order in which they were written. They outlive a reload, and
 * wait for their writer alone.
 * @extends {Emitter<{ change: Outbox }>}
 */
export class Outbox extends Emitter {
  #store;
  #newId;
  #now;
  /** @type {number | null} */
  #owner = null;
  /** @type {Waiting[]} */
  #list = [];

  /**
   * @param {Store} store that lives as long as the tab
   * @param {{ newId: () => string, now?: () => number }} parts
   */
  constructor(store, { newId, now = Date.now }) {
    super();
    this.#store = store;
    this.#newId = newId;
    this.#now = now;
  }

  /** @param {number} user who is here now; what somebody else left is gone */
  own(user) {
    const { owner, list } = this.#read();
    this.#owner = user;
    this.#list = owner === user ? list : [];
    this.#save();
  }

  /** Nobody is here; what was left is kept for its writer. */
  leave() {
    this.#owner = null;
    this.#list = [];
    this.emit("change", this);
  }

  /** @param {number} other */
  to(other) {
    return this.#list.filter(({ para }) => para === other);
  }

  /** The one to be sent now: no later one may overtake it. */
  get next() {
    return this.#list.find(({ falha }) => falha === "") ?? null;
  }

  get isFull() {
    return this.#list.length >= WAITING_MAX;
  }

  /**
   * @param {number} para
   * @param {string} texto
   */
  write(para, texto) {
    const timestamp = new Date(this.#now()).toISOString();
    this.#become([...this.#list, { id_cliente: this.#newId(), para, texto, timestamp, falha: "" }]);
  }

  /** The bank has it, or its writer gave it up. @param {string | null} id */
  remove(id) {
    if (this.#list.some(({ id_cliente }) => id_cliente === id)) this.#become(this.#list.filter(({ id_cliente }) => id_cliente !== id));
  }

  /**
   * The bank refused it. It does not keep the others waiting.
   * @param {string} id
   * @param {string} falha
   */
  fail(id, falha) {
    this.#become(this.#list.map((one) => (one.id_cliente === id ? { ...one, falha } : one)));
  }

  /** Its writer wants it sent again, after what waits already. @param {string} id */
  retry(id) {
    const again = this.#list.filter(({ id_cliente }) => id_cliente === id).map((one) => ({ ...one, falha: "" }));
    this.#become([...this.#list.filter(({ id_cliente }) => id_cliente !== id), ...again]);
  }

  /** @param {Waiting[]} list */
  #become(list) {
    this.#list = list;
    this.#save();
  }

  #save() {
    if (this.#list.length === 0) this.#store.removeItem(OUTBOX_KEY);
    else this.#store.setItem(OUTBOX_KEY, JSON.stringify({ owner: this.#owner, list: this.#list }));
    this.emit("change", this);
  }

  /** @returns {{ owner: number | null, list: Waiting[] }} */
  #read() {
    try {
      const { owner = null, list = [] } = JSON.parse(this.#store.getItem(OUTBOX_KEY) ?? "{}");
      return { owner, list };
    } catch {
      return { owner: null, list: [] };
    }
  }
}
