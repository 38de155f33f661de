// @ts-check
import { pendingKey } from "./session.js";
/** @import { OperationBody, OperationKind } from "../types/wire.js" */
/** @import { Store } from "./session.js" */

/** The server remembers a key for at least this long. */
const REMEMBERED_MS = 24 * 3600 * 1000;

/** @typedef {{ user: number, kind: OperationKind, body: OperationBody, key: string, at: number, summary: string }} Pending */

/**
 * The operation whose answer is not known yet, one for each person. Its key outlives double clicks,
 * lost answers, reloads and closed tabs, so that sending it again can only repeat the first answer,
 * never the payment; and while it is there no other one may take its place.
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
      const saved = JSON.parse(this.#store.getItem(pendingKey(user)) ?? "null");
      const alive = saved?.user === user && this.#now() - saved.at < REMEMBERED_MS;
      return alive ? saved : null;
    } catch {
      return null;
    }
  }

  /**
   * Remembers what is about to be sent; the very same operation keeps the key it has.
   * @param {{ user: number, kind: OperationKind, body: OperationBody, summary: string }} operation
   * @returns {Pending | null} null while another one is in doubt: nothing may be sent then
   */
  begin({ user, kind, body, summary }) {
    const known = this.of(user);
    const same = known?.kind === kind && JSON.stringify(known.body) === JSON.stringify(body);
    if (known) return same ? known : null;
    const pending = { user, kind, body, summary, key: this.#newKey(), at: this.#now() };
    this.#store.setItem(pendingKey(user), JSON.stringify(pending));
    return pending;
  }

  /**
   * The answer is known, or the person decided not to repeat it. A late answer settles its own only.
   * @param {Pick<Pending, "user" | "key">} pending
   */
  settle({ user, key }) {
    if (this.of(user)?.key === key) this.#store.removeItem(pendingKey(user));
  }

  /**
   * Whether a place in the store is where this person's operation is kept.
   * @param {string | null} place null for all of them
   * @param {number} user
   */
  isAt(place, user) {
    return place === null || place === pendingKey(user);
  }
}

/** Told only when nothing was done under the key: too many operations, or a request for money that is not open any more. */
const NOTHING_DONE = new Set(["limite_de_operacoes", "cobranca_encerrada"]);

/**
 * Whether an answer leaves no doubt about what happened to the money.
 * @param {number} status 0 when no answer came
 * @param {string} [code] the bank's own word
 */
export function isSettled(status, code = "") {
  if (NOTHING_DONE.has(code)) return true;
  return status >= 200 && status < 500 && ![401, 408, 409, 425, 429].includes(status);
}
