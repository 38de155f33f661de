// @ts-check
import { Conversation } from "./conversation.js";
import { Emitter } from "./emitter.js";
/** @import { ConversationPayload, Conversations, Message, MessageEvent, ReadEvent } from "../types/wire.js" */

/** @typedef {"chat_mensagem" | "chat_alterada" | "chat_lida"} ChatEventName */
/** @typedef {[ChatEventName, any][]} Load what was heard while an answer was on its way; it may hold it, or not */

/**
 * @typedef {object} Page
 * @property {ConversationPayload | null} conversa
 * @property {Message[]} mensagens
 */

/**
 * The person's conversations. Fed by answers and by the events of the stream: the outcome is what a fresh answer would
 * show.
 * @extends {Emitter<{ change: Chat, load: Chat, arrived: MessageEvent, unknown: number }>}
 */
export class Chat extends Emitter {
  loaded = false;
  /** @type {Map<number, Conversation>} */
  #byOther = new Map();
  /** Unread messages of conversations that are too old to be in the answer. */
  #elsewhere = 0;
  /** @type {Set<Load>} */
  #loads = new Set();

  /** @returns {Conversation[]} those with messages, the one that last had one first */
  get list() {
    return [...this.#byOther.values()].filter(({ last }) => last).sort((a, b) => b.lastId - a.lastId);
  }

  get unread() {
    return [...this.#byOther.values()].reduce((sum, { unread }) => sum + unread, this.#elsewhere);
  }

  /** @param {number} other */
  of(other) {
    const known = this.#byOther.get(other) ?? new Conversation(other);
    this.#byOther.set(other, known);
    return known;
  }

  /** An answer is being waited for. @returns {Load} to be given with it */
  begin() {
    /** @type {Load} */
    const load = [];
    this.#loads.add(load);
    return load;
  }

  /** The answer did not come. @param {Load} load */
  drop(load) {
    this.#loads.delete(load);
  }

  /**
   * All conversations. Their pages were perhaps not told of what happened meanwhile.
   * @param {Load} load
   * @param {Conversations} answer
   */
  load(load, { conversas, nao_lidas }) {
    const known = conversas.map(({ usuario_id: other }) => /** @type {const} */ ([other, this.of(other)]));
    this.#byOther = new Map(known);
    conversas.forEach((payload) => this.of(payload.usuario_id).load(payload));
    this.#byOther.forEach(({ history }) => history.expire());
    this.#elsewhere = nao_lidas - conversas.reduce((sum, payload) => sum + payload.nao_lidas, 0);
    this.loaded = true;
    this.#again(load);
    this.emit("load", this);
  }

  /**
   * A page of one conversation.
   * @param {Load} load
   * @param {number} other
   * @param {Page} page
   * @param {(history: Conversation["history"], messages: Message[]) => void} join
   */
  loadPage(load, other, { conversa, mensagens }, join) {
    const conversation = this.of(other);
    // Of a conversation that nothing told of so far; otherwise the list and the events know better.
    if (conversa && !conversation.last) {
      conversation.load(conversa);
      this.#elsewhere = Math.max(0, this.#elsewhere - conversa.nao_lidas);
    }
    join(conversation.history, mensagens);
    this.#again(load);
  }

  /** @param {Load} load whose events the answer may not hold yet */
  #again(load) {
    this.#loads.delete(load);
    load.forEach(([name, event]) => this.#apply(name, event));
    this.emit("change", this);
  }

  /**
   * @param {ChatEventName} name
   * @param {any} event
   */
  receive(name, event) {
    this.#loads.forEach((load) => load.push([name, event]));
    // Part of what `#elsewhere` counts is this one's; only the bank knows how much.
    if (this.#elsewhere > 0 && !this.of(event.conversa).last) this.emit("unknown", event.conversa);
    const isNew = this.#apply(name, event);
    if (isNew && event.de === event.conversa) this.emit("arrived", event);
    this.emit("change", this);
  }

  /**
   * @param {ChatEventName} name
   * @param {any} event
   */
  #apply(name, event) {
    const conversation = this.of(event.conversa);
    if (name === "chat_mensagem") return conversation.receive(/** @type {MessageEvent} */ (event));
    if (name === "chat_alterada") conversation.change(/** @type {MessageEvent} */ (event));
    else conversation.read(/** @type {ReadEvent} */ (event));
    return false;
  }

  /**
   * An own message that the bank has acknowledged.
   * @param {Message} message
   */
  sent(message) {
    this.of(message.para).keep(message);
    this.emit("change", this);
  }

  clear() {
    this.#byOther.clear();
    this.#loads.clear();
    this.#elsewhere = 0;
    this.loaded = false;
    this.emit("change", this);
  }
}
