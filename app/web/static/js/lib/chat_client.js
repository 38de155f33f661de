// @ts-check
import { Chat } from "../models/chat.js";
import { Emitter } from "../models/emitter.js";
import { Outbox } from "../models/outbox.js";
import { Typing } from "../models/typing.js";
import { ChatPages } from "./chat_pages.js";
import { acknowledged, ChatSender } from "./chat_sender.js";
import { MessageSearch } from "./message_search.js";
import { PacedMarks } from "./paced_marks.js";
/** @import { App } from "../app.js" */
/** @import { ChatEventName } from "../models/chat.js" */
/** @import { MessageEvent } from "../types/wire.js" */

const RETRY_MS = 3000;
const READ_EVERY_MS = 1000;
/** Several tabs may tell the same. */
const RECEIVED_EVERY_MS = 2000;

/**
 * The chat of who is logged in, wired to the network. `news`: a message that is not before the person's eyes.
 * @extends {Emitter<{ news: MessageEvent }>}
 */
export class ChatClient extends Emitter {
  model = new Chat();
  typing = new Typing();
  outbox;
  pages;
  search;
  newId;
  #app;
  #sender;
  #read;
  #received;
  /** The conversation that is on the screen. */
  #open = 0;
  #turn = 0;
  /** @type {number | undefined} */
  #retry;

  /**
   * @param {App} app
   * @param {{ newId: () => string }} parts
   */
  constructor(app, { newId }) {
    super();
    const isLive = () => app.connection.state === "conectado";
    const upTo = (/** @type {string} */ name) => (/** @type {number} */ other, /** @type {number} */ ate) => app.ask(name, { usuario_id: other, ate });
    this.#app = app;
    this.newId = newId;
    this.outbox = new Outbox(sessionStorage, { newId });
    this.pages = new ChatPages(app, { model: this.model, outbox: this.outbox });
    this.search = new MessageSearch(app.http);
    this.#sender = new ChatSender({
      outbox: this.outbox,
      ask: (name, payload) => app.ask(name, payload),
      isLive,
      sent: (waiting, id) => this.model.sent(acknowledged(waiting, { id, me: this.me })),
    });
    this.#read = new PacedMarks({ everyMs: READ_EVERY_MS, tell: upTo("chat_lida"), isLive });
    this.#received = new PacedMarks({ everyMs: RECEIVED_EVERY_MS, tell: upTo("chat_recebida"), isLive });
    this.model.on("unknown", () => this.load());
    this.model.on("load", () => this.model.list.forEach((each) => each.unread > 0 && this.#received.want(each.other, each.lastId)));
    this.model.on("arrived", (event) => this.#arrived(event));
  }

  /** @param {MessageEvent} event */
  #arrived(event) {
    const { conversa, mensagem_id, tipo } = event;
    this.typing.stop(conversa);
    this.#received.want(conversa, mensagem_id);
    // Of money that came a notification tells.
    if (tipo !== "transferencia" && !this.isLookedAt(conversa)) this.emit("news", event);
  }

  get me() {
    return this.#app.session.user?.id ?? 0;
  }

  begin() {
    this.outbox.own(this.me);
  }

  /** @param {boolean} left whether they left by themselves */
  finish(left) {
    clearTimeout(this.#retry);
    this.#turn += 1;
    if (left) this.outbox.clear();
    else this.outbox.leave();
    this.model.clear();
    this.typing.clear();
    this.search.look("");
    this.#read.clear();
    this.#received.clear();
  }

  /** There is a line again. @param {boolean} fresh whether events were missed */
  live(fresh) {
    if (fresh) [this.#read, this.#received].forEach((marks) => marks.clear());
    if (fresh || !this.model.loaded) this.load();
    this.#sender.send();
    this.#read.next();
    this.#received.next();
  }

  /**
   * @param {ChatEventName} name
   * @param {any} event
   */
  receive(name, event) {
    this.model.receive(name, event);
    if (event.de === this.me) this.outbox.remove(event.id_cliente);
  }

  async load() {
    const turn = (this.#turn += 1);
    clearTimeout(this.#retry);
    const load = this.model.begin();
    try {
      const answer = await this.#app.http.get("/conversas");
      if (turn === this.#turn) this.model.load(load, answer);
    } catch {
      if (turn === this.#turn) this.#retry = setTimeout(() => this.load(), RETRY_MS);
    }
    this.model.drop(load);
  }

  /**
   * @param {number} other
   * @param {string} text
   */
  write(other, text) {
    this.typing.sent();
    this.outbox.write(other, text);
    this.#sender.send();
  }

  /** @param {string} id of a message that was refused */
  retry(id) {
    this.outbox.retry(id);
    this.#sender.send();
  }

  /** @param {number} other to whom the person is writing */
  writing(other) {
    if (this.typing.shouldTell(other)) this.#app.say("chat_digitando", { para: other });
  }

  /**
   * @param {number} other whose conversation is on the screen from now on
   * @returns {() => void} it is no longer
   */
  opened(other) {
    this.#open = other;
    return () => {
      if (this.#open === other) this.#open = 0;
    };
  }

  /** Whether the person is looking at that conversation. @param {number} other */
  isLookedAt(other) {
    return this.#open === other && !document.hidden && document.hasFocus();
  }

  /** Everything up to the newest message is before the person's eyes. @param {number} other */
  readAll(other) {
    const { unread, lastId, readTo } = this.model.of(other);
    if (unread > 0 && lastId > readTo) this.#read.want(other, lastId);
  }

  /**
   * @param {number} id
   * @param {string} texto
   */
  edit(id, texto) {
    return this.#app.ask("chat_editar", { id, texto });
  }

  /** @param {number} id of an own message */
  erase(id) {
    return this.#app.ask("chat_apagar", { id });
  }

  /**
   * @param {number} other
   * @param {string} motivo
   * @param {number} [message] of the other's
   */
  report(other, motivo, message) {
    return this.#app.http.post(`/conversas/${other}/denuncias`, message ? { motivo, mensagem_id: message } : { motivo });
  }

  /** @param {{ usuario_id: number, correntista_id: number, valor: string, descricao: string, id_cliente: string }} request */
  ask(request) {
    return this.#app.http.post("/cobrancas", request);
  }

  /**
   * Ends a request that is open: the one who was asked refuses, the one who asked withdraws.
   * @param {number} id
   * @param {"recusar" | "cancelar"} how
   */
  settle(id, how) {
    return this.#app.http.post(`/cobrancas/${id}/${how}`);
  }

  /**
   * Where a contact is paid.
   * @param {number} other
   */
  async accountOf(other) {
    const { CorrentistaID } = await this.#app.http.get(`/contatos/${other}`);
    return Number(CorrentistaID);
  }
}
