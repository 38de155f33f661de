// @ts-check
import { Emitter } from "./emitter.js";
/** @import { Credentials, User } from "../types/wire.js" */

const KEY = "saldo-vivo:sessao";
/**
 * Where there is something that must go on once its person is here, before any screen asks for the code that does it:
 * messages that wait to be sent, for whom this browser is told with no page open, and an operation in doubt.
 */
export const OUTBOX_KEY = "saldo-vivo:enviar";
export const PUSH_KEY = "saldo-vivo:push";
/** @param {number} user */
export const pendingKey = (user) => `saldo-vivo:operacao:${user}`;
/** Renewed when this part of a token's life is over. */
const RENEW_AT = 0.75;

/** What the person is told of an end that the server gave a reason for. */
const EXPIRED = "Sua sessão expirou. Entre de novo.";
const REVOKED = "Sua sessão foi encerrada em outro aparelho, ou a senha foi trocada. Entre de novo.";
const ENDINGS = new Map([
  ["logout", REVOKED],
  ["revogado", REVOKED],
  ["expirado", EXPIRED],
]);
/** The same by the codes of refused requests; any other says that the token grew old. */
const REFUSALS = new Map([
  ["token_revogado", REVOKED],
  ["sessao_expirada", "Sua sessão chegou ao fim do seu prazo. Por segurança, entre de novo."],
]);

/** @typedef {{ getItem(key: string): string | null, setItem(key: string, value: string): void, removeItem(key: string): void }} Store */

/**
 * How long a token lives from its issue, in milliseconds; null for what is no token.
 * Read for the timing only: whether it is true, the server says.
 * @param {string} token
 */
export function lifeOf(token) {
  const { iat, exp } = claimsOf(token);
  return Number.isFinite(exp - iat) ? (exp - iat) * 1000 : null;
}

/**
 * The session that a token belongs to: what was renewed from one login has one name.
 * @param {string | null} token
 */
export const sessionOf = (token) => String(claimsOf(token ?? "").sid ?? "");

/**
 * @param {string} token
 * @returns {Record<string, any>} nothing of what is no token
 */
function claimsOf(token) {
  try {
    return JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))) ?? {};
  } catch {
    return {};
  }
}

/**
 * Who is here, shared by every tab through the store.
 * @extends {Emitter<{ opened: User, renewed: string, closed: string }>}
 */
export class Session extends Emitter {
  #store;
  #now;
  /** @type {number | null} whom this tab shows; the store may be ahead of it */
  #here;

  /**
   * @param {Store} store
   * @param {() => number} [now]
   */
  constructor(store, now = Date.now) {
    super();
    this.#store = store;
    this.#now = now;
    this.#here = this.#saved?.usuario.id ?? null;
  }

  /** @returns {(Credentials & { recebido?: number }) | null} what every tab shares */
  get #saved() {
    try {
      return JSON.parse(this.#store.getItem(KEY) ?? "null");
    } catch {
      return null;
    }
  }

  /** What the store has of the person whom this tab shows: nobody acts for somebody else. */
  get #own() {
    const saved = this.#saved;
    return saved?.usuario.id === this.#here ? saved : null;
  }

  get token() {
    return this.#own?.token ?? null;
  }

  get user() {
    return this.#own?.usuario ?? null;
  }

  get expired() {
    const age = this.#age;
    return age !== null && age.ms >= age.life;
  }

  /** Milliseconds until the token should be renewed; null when there is none. */
  get renewInMs() {
    const age = this.#age;
    return age && Math.max(0, age.life * RENEW_AT - age.ms);
  }

  /**
   * How old the token is and may become. Counted from its arrival, since this clock and the
   * server's may differ by hours. A clock that was put back tells nothing: old enough to be renewed.
   */
  get #age() {
    const own = this.#own;
    const life = own && lifeOf(own.token);
    if (!own || life === null) return null;
    const ms = this.#now() - (own.recebido ?? this.#now());
    return { ms: ms < 0 ? life * RENEW_AT : ms, life };
  }

  /** @param {Credentials} credentials */
  open({ token, usuario }) {
    this.#keep({ token, usuario });
    this.#here = usuario.id;
    this.emit("opened", usuario);
  }

  /** @param {string} token */
  renew(token) {
    const usuario = this.user;
    if (!usuario) return;
    this.#keep({ token, usuario });
    this.emit("renewed", token);
  }

  /** @param {Credentials} credentials */
  #keep({ token, usuario }) {
    this.#store.setItem(KEY, JSON.stringify({ token, usuario, recebido: this.#now() }));
  }

  /** @param {string} reason what the person is told; empty when they asked for it */
  close(reason = "") {
    this.#store.removeItem(KEY);
    this.#here = null;
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
   * A request was refused: whether the token was ended or grew old, the same words as by the socket.
   * @param {string} code
   */
  refused(code) {
    this.close(REFUSALS.get(code) ?? EXPIRED);
  }

  /**
   * Another tab wrote to the shared store.
   * @param {string | null} key
   * @param {string | null} before
   */
  changedElsewhere(key, before) {
    if (key !== null && key !== KEY) return;
    const was = this.#here;
    const user = this.#saved?.usuario ?? null;
    this.#here = user?.id ?? null;
    if (was === this.#here) {
      if (this.token) this.emit("renewed", this.token);
      return;
    }
    // The end that this tab asked for may come back from another tab, which was told of it too.
    if (was !== null) this.emit("closed", before && !user ? "Sessão encerrada em outra aba." : "");
    if (user) this.emit("opened", user);
  }
}
