// @ts-check
import { Accounts } from "./accounts.js";
import { Emitter } from "./emitter.js";
import { Statement } from "./statement.js";
/** @import { AccountPayload, Notification, Row, Summary } from "../types/wire.js" */

/**
 * @typedef {object} Snapshot
 * @property {AccountPayload[]} accounts
 * @property {Row[]} rows newest first
 * @property {boolean} complete whether `rows` reaches back to the very first one
 * @property {Summary | null} summary
 */

/**
 * The accounts and their movements as the person sees them. Fed by whole snapshots and by single
 * events, in any order: the outcome is what a fresh snapshot would show.
 * @extends {Emitter<{ change: Bank, load: Bank, rows: Row[], balance: number }>}
 */
export class Bank extends Emitter {
  accounts = new Accounts();
  statement = new Statement();
  /** @type {Date | null} when the last snapshot was fetched */
  loadedAt = null;
  complete = false;
  /** @type {Summary | null} what the server summed when the last snapshot was fetched */
  summary = null;
  /** @type {(() => void)[] | null} what came while a snapshot was being fetched */
  #meanwhile = null;

  /** A snapshot is being fetched: what comes from now on may or may not be in it. */
  beginLoad() {
    this.#meanwhile ??= [];
  }

  /**
   * @param {Snapshot} snapshot
   * @param {Date} [at]
   */
  load({ accounts, rows, complete, summary }, at = new Date()) {
    const meanwhile = this.#meanwhile ?? [];
    this.#meanwhile = null;
    this.accounts.replace(accounts);
    this.statement.replace(rows);
    this.complete = complete;
    this.summary = summary;
    this.loadedAt = at;
    meanwhile.forEach((apply) => apply());
    this.emit("load", this);
    this.emit("change", this);
  }

  /** The snapshot could not be had; what is shown stays. */
  failLoad() {
    this.#meanwhile = null;
  }

  /** @param {AccountPayload} payload */
  applyBalance(payload) {
    this.#meanwhile?.push(() => this.accounts.apply(payload));
    if (!this.accounts.apply(payload)) return;
    this.emit("balance", payload.CorrentistaID);
    this.emit("change", this);
  }

  /** @param {Row[]} rows */
  applyRows(rows) {
    this.#meanwhile?.push(() => this.statement.add(rows));
    const fresh = this.statement.add(rows);
    if (fresh.length === 0) return;
    this.emit("rows", fresh);
    this.emit("change", this);
  }

  /** @param {Pick<Notification, "dados">} event */
  applyNotification({ dados }) {
    this.applyRows(dados?.movimentacoes ?? []);
  }

  clear() {
    this.#meanwhile = null;
    this.load({ accounts: [], rows: [], complete: false, summary: null });
    this.loadedAt = null;
  }
}
