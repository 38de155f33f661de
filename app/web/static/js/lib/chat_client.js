// @ts-check
import { Chat } from "../models/chat.js";
import { Emitter } from "../models/emitter.js";
import { PacedMarks } from "./paced_marks.js";
/** @import { App } from "../app.js" */
/** @import { ChatEventName } from "../models/chat.js" */
/** @import { MessageEvent } from "../types/wire.js" */

const RETRY_MS = 3000;
/** Several tabs may tell the same. */
const RECEIVED_EVERY_MS = 2000;

/**
 * What is heard of the chat of who is logged in, on every screen; what they do in it is in `chat_actions.js`.
 * `news`: a message that is not before the person's eyes. `own`: one of theirs, which the bank has.
 * @extends {Emitter<{ news: MessageEvent, own: MessageEvent }>}
 */
export class ChatClient extends Emitter {
  model = new Chat();
  #app;
  #received;
  /** The conversation that is on the screen. */
  #open = 0;
  #turn = 0;
  /** @type {number | undefined} */
  #retry;

  /** @param {App} app */
  constructor(app) {
    super();
    this.#app = app;
    this.#received = new PacedMarks({ everyMs: RECEIVED_EVERY_MS, tell: this.tells("chat_recebida"), isLive: () => this.isLive });
    this.model.on("unknown", () => this.load());
    this.model.on("load", () => this.model.list.forEach((each) => each.unread > 0 && this.#received.want(each.other, each.lastId)));
    this.model.on("arrived", (event) => this.#arrived(event));
  }

  /** @param {MessageEvent} event */
  #arrived(event) {
    const { conversa, mensagem_id, tipo } = event;
    this.#received.want(conversa, mensagem_id);
    // Of money that came a notification tells.
    if (tipo !== "transferencia" && !this.isLookedAt(conversa)) this.emit("news", event);
  }

  get me() {
    return this.#app.session.user?.id ?? 0;
  }

  get isLive() {
    return this.#app.connection.state === "conectado";
  }

  /**
   * Tells how far something has come in a conversation.
   * @param {"chat_lida" | "chat_recebida"} name
   * @returns {(other: number, ate: number) => Promise<unknown>}
   */
  tells(name) {
    return (other, ate) => this.#app.ask(name, { usuario_id: other, ate });
  }

  finish() {
    clearTimeout(this.#retry);
    this.#turn += 1;
    this.model.clear();
    this.#received.clear();
  }

  /** There is a line again. @param {boolean} fresh whether events were missed */
  live(fresh) {
    if (fresh) this.#received.clear();
    if (fresh || !this.model.loaded) this.load();
    this.#received.next();
  }

  /**
   * @param {ChatEventName} name
   * @param {any} event
   */
  receive(name, event) {
    this.model.receive(name, event);
    if (event.de === this.me) this.emit("own", event);
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
}
