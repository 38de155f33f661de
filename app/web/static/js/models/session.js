// @ts-check
import { Emitter } from "./emitter.js";
/** @import { Credentials, User } from "../types/wire.js" */

const KEY = "saldo-vivo:sessao";
/** Renewed when this part of a token's life is over. */
const RENEW_AT = 0.75;

/** What the person is told of an end that the server gave a reason for. */
const ENDINGS = new Map([
  ["logout", "Sua sessão foi encerrada."],
  ["revogado", "Sua sessão foi encerrada."],
  ["expirado", "Sua sessão expirou. Entre de novo."],
]);

/** @typedef {{ getItem(key: string): string | null, setItem(key: string, value: string): void, removeItem(key: string): void }} Store */

/**
 * When a token was issued and ends, in milliseconds; null for what is no token.
 * Read for the timing only: whether it is true, the server says.
 * @param {string} token
 */
export function lifeOf(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const { iat, exp } = JSON.parse(atob(part));
    return Number.isFinite(exp) ? { issued: (iat ?? exp) * 1000, ends: exp * 1000 } : null;
  } catch {
    return null;
  }
}

/**
 * Who is here, shared by every tab through the store.
 * @extends {Emitter<{ opened: User, renewed: string, closed: string }>}
 */
export class Session extends Emitter {
  #store;
  #now;
  /** Whether this tab shows somebody; the store may be ahead of it. */
  #here = false;

  /**
   * @param {Store} store
   * @param {() => number} [now]
   */
  constructor(store, now = Date.now) {
    super();
    this.#store = store;
    this.#now = now;
    this.#here = this.token !== null;
  }

  /** @returns {Credentials | null} */
  get #saved() {
    try {
      return JSON.parse(this.#store.getItem(KEY) ?? "null");
    } catch {
      return null;
    }
  }

  get token() {
    return this.#saved?.token ?? null;
  }

  get user() {
    return this.#saved?.usuario ?? null;
  }

  get expired() {
    const life = this.token && lifeOf(this.token);
    return Boolean(life && life.ends <= this.#now());
  }

  /** Milliseconds until the token should be renewed; null when there is none. */
  get renewInMs() {
    const life = this.token ? lifeOf(this.token) : null;
    if (!life) return null;
    return Math.max(0, life.issued + (life.ends - life.issued) * RENEW_AT - this.#now());
  }

  /** @param {Credentials} credentials */
  open({ token, usuario }) {
    this.#store.setItem(KEY, JSON.stringify({ token, usuario }));
    this.#here = true;
    this.emit("opened", usuario);
  }

  /** @param {string} token */
  renew(token) {
    const usuario = this.user;
    if (!usuario) return;
    this.#store.setItem(KEY, JSON.stringify({ token, usuario }));
    this.emit("renewed", token);
  }

  /** @param {string} reason what the person is told; empty when they asked for it */
  close(reason = "") {
    this.#store.removeItem(KEY);
    this.#here = false;
    this.emit("closed", reason);
  }

  /**
   * The server dropped a socket that had shown `token`. That ends the session only if the token is
   * still the one in use; otherwise the socket was late, and may come back with the newer one.
   * @param {string} reason
   * @param {string | null} token
   */
  endedByServer(reason, token) {
    const words = ENDINGS.get(reason);
    if (words && token === this.token) this.close(words);
  }

  /**
   * Another tab wrote to the shared store.
   * @param {string | null} key
   * @param {string | null} before
   * @param {string | null} after
   */
  changedElsewhere(key, before, after) {
    if (key !== null && key !== KEY) return;
    const was = this.#here;
    this.#here = this.token !== null;
    if (!after) {
      // The end that this tab asked for may come back from another tab, which was told of it too.
      if (was) this.emit("closed", before ? "Sessão encerrada em outra aba." : "");
    } else if (!before && this.user) this.emit("opened", this.user);
    else if (this.token) this.emit("renewed", this.token);
  }
}
