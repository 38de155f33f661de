// @ts-check
import { Emitter } from "./emitter.js";

/** Nobody is told more often. */
export const TELL_EVERY_MS = 3000;
/** Longer than the pause between two words of it, so that it does not blink. */
export const SHOWN_MS = 5000;

/**
 * Who is writing to the person, and when the person's own writing is to be told.
 * @extends {Emitter<{ change: Typing }>}
 */
export class Typing extends Emitter {
  /** @type {Map<number, unknown>} */
  #timers = new Map();
  /** @type {{ to: number, at: number } | null} */
  #told = null;
  #parts;

  /**
   * @param {object} [parts]
   * @param {() => number} [parts.now]
   * @param {(run: () => void, ms: number) => unknown} [parts.schedule]
   * @param {(timer: any) => void} [parts.cancel]
   */
  constructor({ now = Date.now, schedule = (run, ms) => setTimeout(run, ms), cancel = (timer) => clearTimeout(timer) } = {}) {
    super();
    this.#parts = { now, schedule, cancel };
  }

  /** @param {number} id */
  is(id) {
    return this.#timers.has(id);
  }

  /** @param {number} id */
  hear(id) {
    this.#parts.cancel(this.#timers.get(id));
    this.#timers.set(id, this.#parts.schedule(() => this.stop(id), SHOWN_MS));
    this.emit("change", this);
  }

  /** What they wrote is here, or they stopped. @param {number} id */
  stop(id) {
    if (!this.#timers.has(id)) return;
    this.#parts.cancel(this.#timers.get(id));
    this.#timers.delete(id);
    this.emit("change", this);
  }

  /**
   * Whether the other is to be told now that the person is writing to them.
   * @param {number} to
   */
  shouldTell(to) {
    const at = this.#parts.now();
    if (this.#told?.to === to && at - this.#told.at < TELL_EVERY_MS) return false;
    this.#told = { to, at };
    return true;
  }

  /** What was being written was sent: the next word is told at once. */
  sent() {
    this.#told = null;
  }

  clear() {
    [...this.#timers.keys()].forEach((id) => this.stop(id));
    this.#told = null;
  }
}
