// @ts-check
import { toCents } from "./money.js";
/** @import { AccountPayload } from "../types/wire.js" */

/** @typedef {{ id: number, name: string, cents: number, version: number }} Account */

/** The caller's accounts. A balance carries a version; an older one never replaces a newer one. */
export class Accounts {
  /** @type {Map<number, Account>} */
  #byId = new Map();

  /** @param {AccountPayload[]} payloads */
  replace(payloads) {
    this.#byId.clear();
    payloads.forEach((payload) => this.apply(payload));
  }

  /**
   * @param {AccountPayload} payload
   * @returns {boolean} whether anything changed
   */
  apply({ CorrentistaID: id, NomeCorrentista: name, Saldo, versao = 0 }) {
    const known = this.#byId.get(id);
    if (known && versao < known.version) return false;
    const cents = toCents(Saldo);
    this.#byId.set(id, { id, name, cents, version: versao });
    return known?.cents !== cents || known.name !== name;
  }

  /** @param {number} id */
  find(id) {
    return this.#byId.get(id) ?? null;
  }

  /** @param {number | null} id */
  has(id) {
    return id !== null && this.#byId.has(id);
  }

  get list() {
    return [...this.#byId.values()].sort((a, b) => a.id - b.id);
  }

  get totalCents() {
    return this.list.reduce((sum, account) => sum + account.cents, 0);
  }
}
