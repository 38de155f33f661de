// @ts-check
import { Emitter } from "./emitter.js";

/** Full jitter: each wait is random between zero and a ceiling that doubles up to this. */
export const CEILING_FIRST_MS = 500;
export const CEILING_MAX_MS = 30_000;
/** The first connection mostly is there before anybody looks; what showed and moved at once would jump. */
export const FIRST_WORD_AFTER_MS = 5000;

/** @typedef {"conectado" | "reconectando" | "desconectado"} State */

/**
 * Whether the page is live, and when it tries again. Knows no socket: `connect` is given.
 * It never gives up; only the end of the session stops it, and newer places of the same person let it rest.
 * @extends {Emitter<{ change: Connection }>}
 */
export class Connection extends Emitter {
  /** @type {State} */
  state = "desconectado";
  node = "";
  transport = "";
  /** @type {number | null} when the next attempt starts; null while one is under way */
  retryAt = null;
  /** @type {number | null} until when everything shown was live */
  liveUntil = null;
  /** Attempts in a row that led to nothing. */
  failures = 0;
  /** Whether it was live since it started. */
  wasLive = false;
  /** Whether the bank is open in so many places that this one waits until the person wants it here. */
  resting = false;
  #startedAt = 0;
  #active = false;
  #online = true;
  /** @type {unknown} */
  #timer = null;
  #parts;

  /**
   * @param {object} parts
   * @param {() => void} parts.connect
   * @param {() => number} [parts.now]
   * @param {() => number} [parts.random]
   * @param {(run: () => void, ms: number) => unknown} [parts.schedule]
   * @param {(timer: any) => void} [parts.cancel]
   */
  constructor({
    connect,
    now = Date.now,
    random = Math.random,
    schedule = (run, ms) => setTimeout(run, ms),
    cancel = (timer) => clearTimeout(timer),
  }) {
    super();
    this.#parts = { connect, now, random, schedule, cancel };
  }

  start() {
    const { now, schedule } = this.#parts;
    this.#active = true;
    this.#startedAt = now();
    schedule(() => this.emit("change", this), FIRST_WORD_AFTER_MS);
    this.tryNow();
  }

  /** The first attempts: nothing to speak of yet. A browser without a network is told of at once. */
  get isBeginning() {
    return !this.wasLive && this.state === "reconectando" && this.#parts.now() - this.#startedAt < FIRST_WORD_AFTER_MS;
  }

  stop() {
    this.#active = this.resting = false;
    this.#wait(null);
    this.failures = 0;
    this.liveUntil = null;
    this.wasLive = false;
    this.#become("desconectado");
  }

  /**
   * A node answered; the socket is of use once it is also authenticated.
   * @param {{ node?: string, transport?: string }} where
   */
  greeted({ node = this.node, transport = this.transport }) {
    this.node = node;
    this.transport = transport;
    this.emit("change", this);
  }

  /** @param {{ transport?: string }} [how] */
  connected({ transport = this.transport } = {}) {
    this.failures = 0;
    this.transport = transport;
    this.liveUntil = null;
    this.wasLive = true;
    this.#wait(null);
    this.#become("conectado");
  }

  /**
   * The socket is gone or could not be had.
   * @param {number} [afterMs] how long the server asked to wait
   */
  lost(afterMs) {
    if (!this.#active || this.resting) return;
    if (this.state === "conectado") this.liveUntil = this.#parts.now();
    const ceiling = Math.min(CEILING_MAX_MS, CEILING_FIRST_MS * 2 ** this.failures);
    this.failures += 1;
    this.#wait(afterMs ?? this.#parts.random() * ceiling);
    this.#become(this.#online ? "reconectando" : "desconectado");
  }

  /** The person, a returning network or a tab that woke up does not want to wait. */
  tryNow() {
    if (!this.#active || this.resting || this.state === "conectado") return;
    this.#wait(null);
    this.#become(this.#online ? "reconectando" : "desconectado");
    this.#parts.connect();
  }

  /** The person opened the bank in newer places, and each may have a line: coming back by itself would end another one. */
  rest() {
    if (!this.#active) return;
    if (this.state === "conectado") this.liveUntil = this.#parts.now();
    this.resting = true;
    this.#wait(null);
    this.#become("desconectado");
  }

  /** The person wants it here, whichever other place rests then. */
  useHere() {
    this.resting = false;
    this.failures = 0;
    this.tryNow();
  }

  /** @param {boolean} online what the browser says of its network */
  network(online) {
    this.#online = online;
    if (online) {
      this.failures = 0;
      this.tryNow();
    } else if (this.state === "reconectando") this.#become("desconectado");
  }

  /** @param {number | null} ms */
  #wait(ms) {
    this.#parts.cancel(this.#timer);
    this.retryAt = ms === null ? null : this.#parts.now() + ms;
    if (ms !== null) this.#timer = this.#parts.schedule(() => this.tryNow(), ms);
  }

  /** @param {State} state */
  #become(state) {
    this.state = state;
    this.emit("change", this);
  }
}
