// @ts-check
/** @import { OperationBody, OperationKind } from "../types/wire.js" */
/** @import { Store } from "./session.js" */

const KEY = "saldo-vivo:operacao";
/** The server remembers a key for at least this long. */
const REMEMBERED_MS = 24 * 3600 * 1000;

/** @typedef {{ user: number, kind: OperationKind, body: OperationBody, key: string, at: number, summary: string }} Pending */

/**
 * The operation whose answer is not known yet. Its key outlives double clicks, lost answers and
 * reloads, so that sending it again can only repeat the first answer, never the payment.
 */
export class PendingOperation {
  #store;
  #now;
  #newKey;

  /**
   * @param {Store} store
   * @param {{ now?: () => number, newKey: () => string }} parts
   */
  constructor(store, { now = Date.now, newKey }) {
    this.#store = store;
    this.#now = now;
    this.#newKey = newKey;
  }

  /**
   * @param {number} user
   * @returns {Pending | null}
   */
  of(user) {
    try {
      const saved = JSON.parse(this.#store.getItem(KEY) ?? "null");
      const alive = saved?.user === user && this.#now() - saved.at < REMEMBERED_MS;
      return alive ? saved : null;
    } catch {
      return null;
    }
  }

  /**
   * Remembers what is about to be sent; the very same operation keeps the key it has.
   * @param {{ user: number, kind: OperationKind, body: OperationBody, summary: string }} operation
   * @returns {Pending}
   */
  begin({ user, kind, body, summary }) {
    const known = this.of(user);
    const same = known?.kind === kind && JSON.stringify(known.body) === JSON.stringify(body);
    if (known && same) return known;
    const pending = { user, kind, body, summary, key: this.#newKey(), at: this.#now() };
    this.#store.setItem(KEY, JSON.stringify(pending));
    return pending;
  }

  /** The answer is known, or the person decided not to repeat it. */
  settle() {
    this.#store.removeItem(KEY);
  }
}

/**
 * Whether an answer leaves no doubt about what happened to the money.
 * @param {number} status 0 when no answer came
 */
export function isSettled(status) {
  return status >= 200 && status < 500 && ![401, 408, 409, 425, 429].includes(status);
}
