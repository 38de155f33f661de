// @ts-check
import { ApiError, Http, NO_ANSWER } from "./lib/http.js";
import { Wire } from "./lib/socket.js";
import { Bank } from "./models/bank.js";
import { Connection } from "./models/connection.js";
import { Emitter } from "./models/emitter.js";
import { EventStream } from "./models/event_stream.js";
import { Idle } from "./models/idle.js";
import { Inbox } from "./models/inbox.js";
import { Places } from "./models/places.js";
import { OUTBOX_KEY, PUSH_KEY, Session } from "./models/session.js";
import { ChatClient } from "./lib/chat_client.js";
import { Loader } from "./lib/loader.js";
import { keepRenewed } from "./lib/renewal.js";
import { Sounds } from "./lib/sounds.js";
/** @import { Notification, Panel, PresenceEvent, PresenceList } from "./types/wire.js" */

const CHAT_EVENTS = new Set(["chat_mensagem", "chat_alterada", "chat_lida"]);

/** The state is also fetched without a socket when none is there after this long. */
const LIVE_WITHIN_MS = 1500;
/** Why the bank ends the oldest socket of somebody who has opened it in more places than may be live. */
const TOO_MANY_PLACES = "muitas_conexoes";
const TOKEN_REFUSED = new Set(["token_invalido", "token_expirado", "token_revogado", "sessao_expirada"]);

/** What tells that somebody is here. */
const TOUCHES = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];

/**
 * The models of one page, wired to the network. Views get this and nothing else. What not every page needs is a part,
 * which comes with the first screen that needs it and hears here what concerns it: `live`, that there is a line again,
 * and whether events were missed; and what the bank tells beside the stream, under its own name.
 * @extends {Emitter<{ live: { fresh: boolean }, contatos: unknown, presenca: PresenceEvent, presenca_lista: PresenceList, chat_digitando: { usuario_id: number }, painel: Panel }>}
 */
export class App extends Emitter {
  session = new Session(localStorage);
  places = new Places(sessionStorage);
  /** The page of the history that is shown. */
  here = this.places.at("");
  bank = new Bank();
  inbox = new Inbox();
  connection = new Connection({ connect: () => this.#open() });
  http = new Http({
    token: () => this.session.token,
    refused: (token, code) => token === this.session.token && this.session.refused(code),
  });
  loader = new Loader(this);
  chat = new ChatClient(this);
  sounds = new Sounds(this);
  idle = new Idle(localStorage, { idle: (minutes) => this.#lock(minutes) });
  /** @type {EventStream | null} */
  #stream = null;
  /** @type {Wire | null} */
  #wire = null;
  /** @type {string | null} the token that the socket was authenticated with */
  #shown = null;
  /** @type {Map<(app: App) => unknown, any>} */
  #parts = new Map();

  start() {
    this.session.on("opened", () => this.#begin());
    this.session.on("closed", (reason) => this.#finish(reason === ""));
    this.session.on("renewed", () => this.#authenticate());
    keepRenewed(this.session, this.http);
    window.addEventListener("storage", ({ key, oldValue }) => this.session.changedElsewhere(key, oldValue));
    window.addEventListener("online", () => this.connection.network(true));
    window.addEventListener("offline", () => this.connection.network(false));
    document.addEventListener("visibilitychange", () => document.hidden || this.idle.check() || this.connection.tryNow());
    window.addEventListener("pageshow", () => this.idle.check());
    TOUCHES.forEach((type) => window.addEventListener(type, () => this.idle.touch(), { capture: true, passive: true }));
    this.sounds.on("change", ({ bloqueio_min: minutes }) => this.sounds.known && this.idle.limit(minutes));
    if (this.session.expired) this.session.close("Sua sessão expirou. Entre de novo.");
    if (this.session.token) this.#begin();
  }

  #begin() {
    this.idle.start();
    if (!this.session.token) return;
    this.#goOn();
    this.#stream = new EventStream({
      deliver: (name, event) => this.#deliver(name, event),
      ask: (since) => this.#wire?.say("sincronizar", { desde: since }),
    });
    this.connection.network(navigator.onLine);
    this.connection.start();
    setTimeout(() => this.session.token && !this.bank.loadedAt && this.loader.load(), LIVE_WITHIN_MS);
  }

  /** @param {boolean} left whether they left by themselves */
  #finish(left) {
    this.idle.stop();
    this.#wire?.close();
    this.#wire = null;
    this.#stream = null;
    this.connection.stop();
    this.bank.clear();
    this.inbox.clear();
    this.chat.finish();
    // Who leaves by themselves leaves nothing.
    if (left) sessionStorage.removeItem(OUTBOX_KEY);
    this.#goOn();
  }

  /** Messages are sent, and what is pushed to this browser begins or ends with its person, without their screens. */
  #goOn() {
    if (sessionStorage.getItem(OUTBOX_KEY) !== null) import("./lib/chat_actions.js").then(({ makeChatActions }) => this.part(makeChatActions));
    if (localStorage.getItem(PUSH_KEY) !== null) import("./lib/push.js").then(({ makePush }) => this.part(makePush));
  }

  /**
   * One for as long as the page is open, made when somebody first asks for it.
   * @template Part
   * @param {(app: App) => Part} make
   * @returns {Part}
   */
  part(make) {
    if (!this.#parts.has(make)) this.#parts.set(make, make(this));
    return this.#parts.get(make);
  }

  #open() {
    this.#wire?.close();
    this.#wire = new Wire({
      direct: this.connection.failures === 0,
      auth: () => this.#proof(),
      greeted: (where) => this.connection.greeted(where),
      authenticated: (answer) => {
        if (answer.usuario_id !== this.session.user?.id) return this.session.close("Entre de novo.");
        this.connection.connected({ transport: this.#wire?.transport });
        const fresh = this.#stream?.authenticated(answer) ?? true;
        if (fresh || !this.bank.loadedAt) this.loader.load();
        else this.loader.readCursor();
        this.chat.live(fresh);
        this.emit("live", { fresh });
      },
      durable: (name, event) => this.#stream?.receive(name, event),
      state: (name, payload) => this.#apply(name, payload),
      seq: () => this.#stream?.seq ?? 0,
      lost: (afterMs) => this.connection.lost(afterMs),
      ended: (reason) => (reason === TOO_MANY_PLACES ? this.connection.rest() : this.session.endedByServer(reason, this.#shown)),
    });
    this.#wire.connect();
  }

  /** Whether this page hears, one after the other, what it missed. */
  get isCatchingUp() {
    return this.connection.state === "conectado" && this.#stream?.isCatchingUp === true;
  }

  #proof() {
    this.#shown = this.session.token;
    return { token: this.#shown, ...this.#stream?.position };
  }

  #authenticate() {
    this.#wire?.say("autenticar", this.#proof());
  }

  /**
   * @param {string} name
   * @param {any} event
   */
  #deliver(name, event) {
    if (CHAT_EVENTS.has(name)) this.chat.receive(/** @type {any} */ (name), event);
    if (name !== "notificacao") return;
    this.bank.applyNotification(event);
    this.inbox.receive(event);
  }

  /**
   * @param {string} name
   * @param {any} payload
   */
  #apply(name, payload) {
    if (name === "saldo_atualizado") this.bank.applyBalance(payload);
    if (name === "notificacoes_lidas" && !this.inbox.read(payload)) this.loader.readCursor();
    if (name === "preferencias") this.sounds.changedElsewhere(payload);
    if (name === "erro" && TOKEN_REFUSED.has(payload.codigo)) this.session.close(payload.mensagem);
    this.emit(/** @type {any} */ (name), payload);
  }

  /**
   * What may be lost.
   * @param {string} name
   * @param {object} payload
   */
  say(name, payload) {
    this.#wire?.say(name, payload);
  }

  /**
   * What is answered.
   * @param {string} name
   * @param {object} payload
   * @returns {Promise<any>}
   */
  ask(name, payload) {
    return this.#wire ? this.#wire.ask(name, payload) : Promise.reject(new ApiError(NO_ANSWER, { status: 0 }));
  }

  /** This device only. Nothing is waited for: what was shown is gone at once, also without a network. */
  leave() {
    this.#end("");
  }

  /**
   * Every device of the person. Only the bank can do that, so its refusal leaves everything as it is.
   * The socket goes first, so that nobody is told of an end that they asked for.
   */
  async leaveAll() {
    this.#wire?.close();
    try {
      await this.http.post("/logout", { todos: true });
    } catch (error) {
      this.connection.lost(0);
      throw error;
    }
    this.session.close();
  }

  /** @param {number} minutes */
  #lock(minutes) {
    this.#end(`Bloqueamos a tela depois de ${minutes} minutos sem uso. Entre de novo para continuar de onde parou.`);
  }

  /** @param {string} reason what the person is told; empty when they asked for it */
  #end(reason) {
    this.#wire?.close();
    this.http.post("/logout").catch(() => undefined);
    this.session.close(reason);
  }

  readAll() {
    return this.#read({ ate: this.inbox.newestSeq });
  }

  /** @param {Notification[]} items each of which was read, whatever is older or newer */
  readEach(items) {
    const seqs = items.filter((item) => item.seq !== undefined && this.inbox.isUnread(item)).map(({ seq }) => seq);
    return seqs.length > 0 ? this.#read({ seqs }) : Promise.resolve();
  }

  /** @param {{ ate: number } | { seqs: number[] }} what */
  async #read(what) {
    const user = this.session.user?.id;
    const read = await this.http.post("/notificacoes/lidas", what);
    if (this.session.user?.id === user) this.inbox.read({ ...what, ...read });
  }

  /**
   * Somebody opened what this notice tells of.
   * @param {Notification} event
   */
  opened(event) {
    this.readEach([event]).catch(() => undefined);
  }
}

/** Unique enough without a secure context, where `crypto.randomUUID` does not exist. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
