// @ts-check
/** @import { ApiError } from "./http.js" */

/**
 * Tells how far something has come in each conversation: one conversation at a time, with a pause in between, and only
 * ever forwards. What could not be told is told once there is a line again.
 */
export class PacedMarks {
  /** @type {Map<number, number>} */
  #wanted = new Map();
  /** @type {Map<number, number>} */
  #told = new Map();
  /** @type {unknown} */
  #timer = null;
  #parts;

  /**
   * @param {object} parts
   * @param {number} parts.everyMs
   * @param {(other: number, to: number) => Promise<unknown>} parts.tell
   * @param {() => boolean} parts.isLive
   */
  constructor({ everyMs, tell, isLive }) {
    this.#parts = { everyMs, tell, isLive };
  }

  /**
   * @param {number} other
   * @param {number} to the message up to which
   */
  want(other, to) {
    if (to <= (this.#told.get(other) ?? 0)) return;
    this.#wanted.set(other, Math.max(to, this.#wanted.get(other) ?? 0));
    this.next();
  }

  /** Also when there is a line again. */
  next() {
    const { everyMs, tell, isLive } = this.#parts;
    const [first] = this.#wanted;
    if (this.#timer !== null || !first || !isLive()) return;
    const [other, to] = first;
    this.#wanted.delete(other);
    this.#told.set(other, to);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.next();
    }, everyMs);
    tell(other, to).catch((/** @type {ApiError} */ { status }) => this.#untold(other, to, status === 0));
  }

  /**
   * @param {number} other
   * @param {number} to
   * @param {boolean} lost it was not refused, and goes again
   */
  #untold(other, to, lost) {
    if (this.#told.get(other) !== to) return;
    this.#told.delete(other);
    if (lost) this.#wanted.set(other, Math.max(to, this.#wanted.get(other) ?? 0));
  }

  clear() {
    this.#wanted.clear();
    this.#told.clear();
  }
}
