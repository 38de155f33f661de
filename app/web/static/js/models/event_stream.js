// @ts-check
/** @import { Authenticated, DurableEvent } from "../types/wire.js" */

/** A request for missed events may be lost with its socket; after this long it is made again. */
export const ASK_AGAIN_MS = 3000;

/**
 * One user's durable events, each delivered once and in order.
 * `seq` grows by one per event; a larger step is a gap, for which the server is asked.
 */
export class EventStream {
  /** @type {number | null} */
  #seq = null;
  /** @type {number | null} */
  #epoch = null;
  /** The server's last event when it answered: until then, what comes was missed. */
  #missedUntil = 0;
  /** @type {{ since: number, at: number } | null} */
  #asked = null;
  #deliver;
  #ask;
  #now;

  /**
   * @param {object} parts
   * @param {(name: string, event: any) => void} parts.deliver
   * @param {(since: number) => void} parts.ask
   * @param {() => number} [parts.now] milliseconds
   */
  constructor({ deliver, ask, now = Date.now }) {
    this.#deliver = deliver;
    this.#ask = ask;
    this.#now = now;
  }

  /** What the handshake tells the server; empty while nothing is known. */
  get position() {
    return this.#seq === null || this.#epoch === null
      ? {}
      : { ultimo_seq: this.#seq, epoca: this.#epoch };
  }

  get seq() {
    return this.#seq ?? 0;
  }

  /** Whether events that were missed are still on their way. */
  get isCatchingUp() {
    return this.seq < this.#missedUntil;
  }

  /**
   * @param {Authenticated} answer
   * @returns {boolean} true when the state shown must be fetched afresh
   */
  authenticated({ seq, epoca, recuperado }) {
    const resumed = recuperado && this.#seq !== null && this.#epoch === epoca;
    this.#asked = null;
    this.#missedUntil = seq;
    if (!resumed) {
      this.#seq = seq;
      this.#epoch = epoca;
    }
    return !resumed;
  }

  /**
   * An event without `seq` was emitted by a plain script: nothing keeps it, so it is told at once.
   * @param {string} name
   * @param {Partial<DurableEvent>} event
   */
  receive(name, event) {
    if (event.seq === undefined) return this.#deliver(name, event);
    if (this.#seq === null || event.seq <= this.#seq) return;
    if (event.seq > this.#seq + 1) return this.#askForGap(this.#seq);
    this.#seq = event.seq;
    this.#deliver(name, event);
  }

  /** @param {number} since */
  #askForGap(since) {
    const at = this.#now();
    if (this.#asked?.since === since && at - this.#asked.at < ASK_AGAIN_MS) return;
    this.#asked = { since, at };
    this.#ask(since);
  }
}
