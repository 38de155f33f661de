// @ts-check
/** @import { Store } from "./session.js" */

const KEY = "saldo-vivo:uso";
/** A touch is written down for the other tabs at most this often. */
const WRITTEN_EACH_MS = 5000;
/** Within this time another touch says nothing new. */
const COUNTED_EACH_MS = 1000;
const MINUTE_MS = 60_000;
export const LOCK_MINUTES = 15;

/**
 * Tells when nobody has touched the page for too long, in no tab of this browser. Counts by the clock
 * and not by its timer, which stands still while the machine sleeps.
 */
export class Idle {
  #store;
  #parts;
  #running = false;
  #touchedAt = 0;
  #writtenAt = 0;
  /** @type {unknown} */
  #timer = null;

  /**
   * @param {Store} store that all tabs share
   * @param {object} parts
   * @param {(minutes: number) => void} parts.idle called once, after so many minutes
   * @param {() => number} [parts.now]
   * @param {(run: () => void, ms: number) => unknown} [parts.schedule]
   * @param {(timer: any) => void} [parts.cancel]
   */
  constructor(store, { idle, now = Date.now, schedule = (run, ms) => setTimeout(run, ms), cancel = (timer) => clearTimeout(timer) }) {
    this.#store = store;
    this.#parts = { idle, now, schedule, cancel };
  }

  /** Whoever closed the browser and comes back late finds the door locked, so the last touch is kept. */
  start() {
    this.#running = true;
    if (!this.check()) this.#write(this.minutes);
  }

  /** Nobody is here any more; who comes next begins anew. */
  stop() {
    this.#running = false;
    this.#touchedAt = this.#writtenAt = 0;
    this.#parts.cancel(this.#timer);
    this.#store.removeItem(KEY);
  }

  /** The person did something. */
  touch() {
    const sinceMs = this.#parts.now() - this.#touchedAt;
    if (!this.#running || (sinceMs >= 0 && sinceMs < COUNTED_EACH_MS) || this.check()) return;
    this.#touchedAt = this.#parts.now();
    if (this.#touchedAt - this.#writtenAt >= WRITTEN_EACH_MS) this.#write(this.minutes);
  }

  /** @param {number} minutes 0 for never */
  limit(minutes) {
    if (!this.#running) return;
    this.#touchedAt = Math.max(this.#touchedAt, this.#saved?.at ?? 0);
    this.#write(minutes);
    this.check();
  }

  /** How many minutes without a touch are too long; 0 for never. */
  get minutes() {
    return this.#saved?.minutes ?? LOCK_MINUTES;
  }

  /** @returns {boolean} whether it has been too long */
  check() {
    if (!this.#running) return false;
    const { now, idle, schedule, cancel } = this.#parts;
    cancel(this.#timer);
    const minutes = this.minutes;
    if (minutes === 0) return false;
    this.#touchedAt = Math.max(this.#touchedAt, this.#saved?.at ?? 0) || now();
    // A clock that was put back shows a touch in the future; that one is no older than now.
    const leftMs = minutes * MINUTE_MS - Math.max(0, now() - this.#touchedAt);
    if (leftMs > 0) {
      this.#timer = schedule(() => this.check(), leftMs);
      return false;
    }
    this.stop();
    idle(minutes);
    return true;
  }

  /** @param {number} minutes */
  #write(minutes) {
    this.#touchedAt ||= this.#parts.now();
    this.#writtenAt = this.#parts.now();
    this.#store.setItem(KEY, JSON.stringify({ at: this.#touchedAt, minutes }));
  }

  /** @returns {{ at: number, minutes: number } | null} */
  get #saved() {
    try {
      const saved = JSON.parse(this.#store.getItem(KEY) ?? "null");
      return Number.isFinite(saved?.at) && Number.isFinite(saved?.minutes) ? saved : null;
    } catch {
      return null;
    }
  }
}
