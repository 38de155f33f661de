// @ts-check
import { Emitter } from "./emitter.js";
/** @import { Inbox as InboxPayload, Notification } from "../types/wire.js" */

/**
 * Up to where a page was read, when `unread` of its items are not.
 * @param {Notification[]} newest the newest first
 * @param {number} unread
 */
const readIn = (newest, unread) => newest.filter((item) => !isOwn(item))[unread]?.seq ?? 0;

/** @param {Notification[]} items */
const newsIn = (items) => items.filter((item) => !isOwn(item)).length;

/**
 * What the person did, on whatever device, is told and is no news: it is never unread.
 * @param {Notification} item
 */
const isOwn = ({ dados }) => dados?.propria === true;

/**
 * The person's notifications. Reading moves one cursor, so that "all read" is the same in every
 * tab and device; looking at the panel makes them seen, which is not read.
 * @extends {Emitter<{ change: Inbox, arrived: Notification }>}
 */
export class Inbox extends Emitter {
  /** @type {Map<number, Notification>} */
  #bySeq = new Map();
  #readUpTo = 0;
  #seenUpTo = 0;
  /** Announced; what a page already listed may still have to be. */
  #toldUpTo = 0;
  /** Unread ones too old to be in the loaded page: how many, and below which seq. */
  #older = { count: 0, below: 0 };
  complete = false;

  /**
   * @param {InboxPayload} page the newest page
   * @param {boolean} complete whether nothing older exists
   */
  load({ notificacoes, nao_lidas: unread }, complete) {
    const newest = [...notificacoes].sort((a, b) => b.seq - a.seq);
    const arrivedMeanwhile = this.list.filter(({ seq }) => seq > (newest[0]?.seq ?? 0));
    this.#bySeq = new Map([...newest, ...arrivedMeanwhile].map((item) => [item.seq, item]));
    this.#readUpTo = Math.max(this.#readUpTo, readIn(newest, unread));
    const oldest = newest.at(-1)?.seq ?? 0;
    this.#older = { count: Math.max(0, unread - newsIn(newest)), below: oldest };
    this.#seenUpTo = Math.max(this.#seenUpTo, newest[0]?.seq ?? 0);
    this.complete = complete;
    this.emit("change", this);
  }

  /**
   * @param {Notification[]} page an older page
   * @param {{ before: number | null, complete: boolean }} how `before` which seq it was asked for: one
   *   that no longer joins what is here (it came twice, or the newest page came again) is passed over
   */
  addOlder(page, { before, complete }) {
    if (before !== this.oldestSeq) return;
    const newest = [...page].sort((a, b) => b.seq - a.seq);
    const { count } = this.#older;
    this.#readUpTo = Math.max(this.#readUpTo, readIn(newest, count));
    newest.forEach((item) => this.#bySeq.set(item.seq, item));
    this.#older = { count: complete ? 0 : Math.max(0, count - newsIn(newest)), below: this.oldestSeq ?? 0 };
    this.complete = complete;
    this.emit("change", this);
  }

  /**
   * It may be listed already: the page that was fetched meanwhile held it. It is told all the same, once.
   * @param {Notification} event without a seq it is told and not kept
   */
  receive(event) {
    if (event.seq !== undefined && !this.#bySeq.has(event.seq)) this.#bySeq.set(event.seq, event);
    if (this.#isNews(event)) this.emit("arrived", event);
    this.emit("change", this);
  }

  /** @param {Notification} event they come in order */
  #isNews({ seq }) {
    if (seq === undefined) return true;
    if (seq <= this.#toldUpTo) return false;
    this.#toldUpTo = seq;
    this.#seenUpTo = Math.min(this.#seenUpTo, seq - 1);
    return true;
  }

  /** @param {number} seq everything up to here was read, in whichever tab or device */
  readUpTo(seq) {
    if (seq <= this.#readUpTo) return;
    this.#readUpTo = seq;
    if (seq >= this.#older.below - 1) this.#older.count = 0;
    this.emit("change", this);
  }

  /**
   * The same, from a page of the newest; a page that is unread to its end does not say where.
   * @param {InboxPayload} page
   */
  readAs({ notificacoes, nao_lidas: unread }) {
    const newest = [...notificacoes].sort((a, b) => b.seq - a.seq);
    this.readUpTo(readIn(newest, unread));
  }

  see() {
    this.#seenUpTo = this.newestSeq;
    this.emit("change", this);
  }

  clear() {
    this.#bySeq.clear();
    this.#readUpTo = this.#seenUpTo = this.#toldUpTo = 0;
    this.#older = { count: 0, below: 0 };
    this.complete = false;
    this.emit("change", this);
  }

  /** @returns {Notification[]} newest first */
  get list() {
    return [...this.#bySeq.values()].sort((a, b) => b.seq - a.seq);
  }

  get newestSeq() {
    return Math.max(0, ...this.#bySeq.keys());
  }

  get oldestSeq() {
    return this.list.at(-1)?.seq ?? null;
  }

  /** @param {Notification} item */
  isUnread(item) {
    return item.seq > this.#readUpTo && !isOwn(item);
  }

  get unread() {
    return this.#older.count + this.list.filter((item) => this.isUnread(item)).length;
  }

  /** Whether something came that nobody has looked at yet. */
  get hasUnseen() {
    return this.list.some((item) => this.isUnread(item) && item.seq > this.#seenUpTo);
  }
}
