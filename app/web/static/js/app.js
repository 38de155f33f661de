// @ts-check
import { ApiError, Http, NO_ANSWER } from "./lib/http.js";
import { Wire } from "./lib/socket.js";
import { Bank } from "./models/bank.js";
import { Connection } from "./models/connection.js";
import { EventStream } from "./models/event_stream.js";
import { Idle } from "./models/idle.js";
import { Inbox } from "./models/inbox.js";
import { bodyOf } from "./models/operation.js";
import { PendingOperation } from "./models/pending.js";
import { Places } from "./models/places.js";
import { Presence } from "./models/presence.js";
import { Session } from "./models/session.js";
import { ChatClient } from "./lib/chat_client.js";
import { Contacts } from "./lib/contacts.js";
import { Loader } from "./lib/loader.js";
import { Operations } from "./lib/operations.js";
import { Push } from "./lib/push.js";
import { keepRenewed } from "./lib/renewal.js";
import { Sounds } from "./lib/sounds.js";
/** @import { Notification, OperationAnswer, OperationBody } from "./types/wire.js" */

const CHAT_EVENTS = new Set(["chat_mensagem", "chat_alterada", "chat_lida"]);

/** The state is also fetched without a socket when none is there after this long. */
const LIVE_WITHIN_MS = 1500;
/** Without a line for this long nobody is said to be online: they may have gone. */
const PRESENCE_KEPT_MS = 15_000;
const TOKEN_REFUSED = new Set(["token_invalido", "token_expirado", "token_revogado"]);

/** What tells that somebody is here. */
const TOUCHES = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];

/** The models of one page, wired to the network. Views get this and nothing else. */
export class App {
  session = new Session(localStorage);
  pending = new PendingOperation(localStorage, { newKey });
  places = new Places(sessionStorage);
  /** The page of the history that is shown. */
  here = this.places.at("");
  bank = new Bank();
  inbox = new Inbox();
  presence = new Presence();
  connection = new Connection({ connect: () => this.#open() });
  http = new Http({
    token: () => this.session.token,
    refused: (token, code) => token === this.session.token && this.session.refused(code),
  });
  loader = new Loader(this);
  operations = new Operations(this);
  chat = new ChatClient(this, { newId: newKey });
  contacts = new Contacts(this);
  sounds = new Sounds(this);
  push = new Push(this);
  idle = new Idle(localStorage, { idle: (minutes) => this.#lock(minutes) });
  /** @type {EventStream | null} */
  #stream = null;
  /** @type {Wire | null} */
  #wire = null;
  /** @type {string | null} the token that the socket was authenticated with */
  #shown = null;
  /** @type {number | undefined} */
  #presenceEnds;

  start() {
    this.session.on("opened", () => this.#begin());
    this.session.on("closed", (reason) => this.#finish(reason === ""));
    this.session.on("renewed", () => this.#authenticate());
    this.operations.on("sent", ({ kind, body }) => this.places.settle((draft) => draft.kind === kind && isSame(bodyOf(draft), body)));
    this.operations.on("done", (answer) => this.#settled(answer));
    this.connection.on("change", ({ state }) => this.#doubtPresence(state === "conectado"));
    // Whom the person pays is in the list from then on.
    this.bank.on("rows", (rows) => rows.some((row) => row.BeneficiarioID !== null) && this.contacts.changed());
    keepRenewed(this.session, this.http);
    window.addEventListener("storage", ({ key, oldValue, newValue }) => {
      this.session.changedElsewhere(key, oldValue);
      this.operations.changedElsewhere(key, newValue);
    });
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
    this.chat.begin();
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
    this.presence.clear();
    this.chat.finish(left);
    this.operations.clear();
    this.contacts.people.clear();
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
        this.say("presenca_listar", {});
        this.contacts.changed();
      },
      durable: (name, event) => this.#stream?.receive(name, event),
      state: (name, payload) => this.#apply(name, payload),
      seq: () => this.#stream?.seq ?? 0,
      lost: (afterMs) => this.connection.lost(afterMs),
      ended: (reason) => this.session.endedByServer(reason, this.#shown),
    });
    this.#wire.connect();
  }

  /** Whether this page hears, one after the other, what it missed. */
  get isCatchingUp() {
    return this.connection.state === "conectado" && this.#stream?.isCatchingUp === true;
  }

  /** @param {boolean} isLive */
  #doubtPresence(isLive) {
    if (isLive) {
      clearTimeout(this.#presenceEnds);
      this.#presenceEnds = undefined;
    } else this.#presenceEnds ??= setTimeout(() => this.presence.clear(), PRESENCE_KEPT_MS);
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
    if (name === "contatos") this.contacts.changed();
    if (name === "presenca") this.presence.receive(payload);
    if (name === "presenca_lista") this.presence.load(payload);
    if (name === "chat_digitando") this.chat.typing.hear(payload.usuario_id);
    if (name === "notificacoes_lidas" && !this.inbox.read(payload)) this.loader.readCursor();
    if (name === "preferencias") this.sounds.changedElsewhere(payload);
    if (name === "erro" && TOKEN_REFUSED.has(payload.codigo)) this.session.close(payload.mensagem);
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

  /**
   * The answer tells at once what the socket would; without a socket it is all there is.
   * @param {OperationAnswer} answer
   */
  #settled({ movimentacao }) {
    this.bank.applyRows([movimentacao]);
    if (this.connection.state !== "conectado") this.loader.load();
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

/**
 * @param {OperationBody} one
 * @param {OperationBody} other
 */
const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Unique enough without a secure context, where `crypto.randomUUID` does not exist. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
