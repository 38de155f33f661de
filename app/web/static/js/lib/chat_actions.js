// @ts-check
import { newKey } from "../app.js";
import { Outbox } from "../models/outbox.js";
import { Typing } from "../models/typing.js";
import { ChatPages } from "./chat_pages.js";
import { acknowledged, ChatSender } from "./chat_sender.js";
import { MessageSearch } from "./message_search.js";
import { PacedMarks } from "./paced_marks.js";
/** @import { App } from "../app.js" */

const READ_EVERY_MS = 1000;

/**
 * What the person does in the chat, with the screens that show it: reads back, looks for something, writes. What they
 * wrote without a line is sent without those screens too.
 */
export class ChatActions {
  typing = new Typing();
  outbox;
  pages;
  search;
  #app;
  #sender;
  #read;

  /** @param {App} app */
  constructor(app) {
    const { chat, session } = app;
    this.#app = app;
    this.outbox = new Outbox(sessionStorage, { newId: newKey });
    this.pages = new ChatPages(app, { model: chat.model, outbox: this.outbox });
    this.search = new MessageSearch(app.http);
    this.#sender = new ChatSender({
      outbox: this.outbox,
      ask: (name, payload) => app.ask(name, payload),
      isLive: () => chat.isLive,
      sent: (waiting, id) => chat.model.sent(acknowledged(waiting, { id, me: chat.me })),
    });
    this.#read = new PacedMarks({ everyMs: READ_EVERY_MS, tell: chat.tells("chat_lida"), isLive: () => chat.isLive });
    app.on("live", ({ fresh }) => this.#live(fresh));
    app.on("chat_digitando", ({ usuario_id }) => this.typing.hear(usuario_id));
    chat.model.on("arrived", ({ conversa }) => this.typing.stop(conversa));
    chat.on("own", ({ id_cliente }) => this.outbox.remove(id_cliente));
    session.on("opened", () => this.#begin());
    session.on("closed", () => this.#finish());
    if (session.user) this.#begin();
  }

  #begin() {
    this.outbox.own(this.#app.chat.me);
    this.#sender.send();
  }

  #finish() {
    this.outbox.leave();
    this.typing.clear();
    this.search.look("");
    this.#read.clear();
  }

  /** @param {boolean} fresh */
  #live(fresh) {
    if (fresh) this.#read.clear();
    this.#sender.send();
    this.#read.next();
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

  /** Everything up to the newest message is before the person's eyes. @param {number} other */
  readAll(other) {
    const { unread, lastId, readTo } = this.#app.chat.model.of(other);
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

/** @param {App} app */
export const makeChatActions = (app) => new ChatActions(app);
