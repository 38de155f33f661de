// @ts-check
import { Emitter } from "./emitter.js";
/** @import { Inbox as InboxPayload, Notification, ReadNotices } from "../types/wire.js" */

/**
 * What the person did, on whatever device, is told and is no news: it is never unread.
 * @param {Notification} item
 */
const isOwn = ({ dados }) => dados?.propria === true;

/**
 * As the bank said it on a page.
 * @param {Notification} item
 */
const cameUnread = (item) => !item.lida && !isOwn(item);

/**
 * The person's notifications. What is read, one by one or all up to a seq, is read in every tab and
 * device; looking at the panel makes them seen, which is not read.
 * @extends {Emitter<{ change: Inbox, arrived: Notification }>}
 */
export class Inbox extends Emitter {
  /** @type {Map<number, Notification>} */
  #bySeq = new Map();
  #readUpTo = 0;
  /** Read one by one. @type {Set<number>} */
  #readBeyond = new Set();
  #seenUpTo = 0;
  /** Unread ones too old to be in the loaded page: how many, and below which seq. */
  #older = { count: 0, below: 0 };
  complete = false;

  /**
   * @param {InboxPayload} page the newest page
   * @param {boolean} complete whether nothing older exists
   */
  load({ notificacoes, nao_lidas: unread, ate = 0 }, complete) {
    const newest = [...notificacoes].sort((a, b) => b.seq - a.seq);
    const arrivedMeanwhile = this.list.filter(({ seq }) => seq > (newest[0]?.seq ?? 0));
    this.#bySeq = new Map([...newest, ...arrivedMeanwhile].map((item) => [item.seq, item]));
    this.#older = { count: Math.max(0, unread - newest.filter(cameUnread).length), below: newest.at(-1)?.seq ?? 0 };
    this.#seenUpTo = Math.max(this.#seenUpTo, newest[0]?.seq ?? 0);
    this.complete = complete;
    this.learn(newest);
    this.#readTo(Math.max(ate, this.#readUpTo));
    this.emit("change", this);
  }

  /**
   * @param {Notification[]} page an older page
   * @param {{ before: number | null, complete: boolean }} how `before` which seq it was asked for: one
   *   that no longer joins what is here (it came twice, or the newest page came again) is passed over
   */
  addOlder(page, { before, complete }) {
    if (before !== this.oldestSeq) return;
    page.forEach((item) => this.#bySeq.set(item.seq, item));
    this.learn(page);
    const left = this.#older.count - page.filter((item) => this.isUnread(item)).length;
    this.#older = { count: complete ? 0 : Math.max(0, left), below: this.oldestSeq ?? 0 };
    this.complete = complete;
    this.emit("change", this);
  }

  /**
   * Told once for each call: the stream delivers each event once. The page that was loaded may hold it already,
   * when it was asked for after the event; it is news all the same.
   * @param {Notification} event without a seq it is told and not kept
   */
  receive(event) {
    if (event.seq !== undefined) {
      this.#bySeq.set(event.seq, event);
      this.#seenUpTo = Math.min(this.#seenUpTo, event.seq - 1);
    }
    this.emit("arrived", event);
    this.emit("change", this);
  }

  /** @param {Notification[]} items that the bank says are read or not, also some that are not kept here */
  learn(items) {
    items.filter(({ lida }) => lida).forEach(({ seq }) => this.#readBeyond.add(seq));
  }

  /**
   * What was read in whichever tab or device.
   * @param {Partial<ReadNotices>} what all up to `ate`, and each of `seqs`, which were unread until then
   * @returns {boolean} false when the bank's count is another one: something else was missed, or is on its way
   */
  read({ ate = 0, seqs = [], nao_lidas: unread }) {
    for (const seq of seqs.filter((each) => each > this.#readUpTo && !this.#readBeyond.has(each))) {
      this.#readBeyond.add(seq);
      if (seq < this.#older.below) this.#older.count = Math.max(0, this.#older.count - 1);
    }
    this.#readTo(ate);
    this.emit("change", this);
    return unread === undefined || unread === this.unread;
  }

  /** @param {number} seq */
  #readTo(seq) {
    this.#readUpTo = Math.max(this.#readUpTo, seq);
    if (this.#readUpTo >= this.#older.below - 1) this.#older.count = 0;
  }

  /**
   * Where reading stands, from a page of the newest.
   * @param {InboxPayload} page
   */
  readAs({ notificacoes, nao_lidas: unread, ate = 0 }) {
    this.learn(notificacoes);
    this.#readUpTo = Math.max(this.#readUpTo, ate);
    const { below } = this.#older;
    const oldest = Math.min(...notificacoes.map(({ seq }) => seq));
    const onPage = notificacoes.filter((item) => cameUnread(item) && item.seq >= below).length;
    const beneath = this.list.filter((item) => item.seq < oldest && this.isUnread(item)).length;
    this.#older = { count: Math.max(0, unread - onPage - beneath), below };
    this.#readTo(this.#readUpTo);
    this.emit("change", this);
  }

  see() {
    this.#seenUpTo = this.newestSeq;
    this.emit("change", this);
  }

  clear() {
    this.#bySeq.clear();
    this.#readBeyond.clear();
    this.#readUpTo = this.#seenUpTo = 0;
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
    return item.seq > this.#readUpTo && !this.#readBeyond.has(item.seq) && !isOwn(item);
  }

  get unread() {
    return this.#older.count + this.list.filter((item) => this.isUnread(item)).length;
  }

  /** Whether something came that nobody has looked at yet. */
  get hasUnseen() {
    return this.list.some((item) => this.isUnread(item) && item.seq > this.#seenUpTo);
  }
}
