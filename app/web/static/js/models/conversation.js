// @ts-check
import { History } from "./history.js";
/** @import { ConversationPayload, Message, MessageEvent, ReadEvent } from "../types/wire.js" */

/**
 * @typedef {"enviada" | "recebida" | "lida"} Tick what became of an own message that the bank has
 */

/** @param {Message & Partial<MessageEvent> & { seq?: number }} event */
function messageOf({ conversa: _other, nome: _name, nao_lidas: _unread, seq: _seq, ...message }) {
  return message;
}

/**
 * One conversation, as its person sees it. Whole answers and single events may come in any order, since an event that
 * an answer holds already is known by its number.
 */
export class Conversation {
  history = new History();
  name = "";
  unread = 0;
  readTo = 0;
  theirReadTo = 0;
  theirReceivedTo = 0;
  /** @type {Message | null} */
  last = null;
  /** The newest message that `unread` takes account of. */
  #countedTo = 0;

  /** @param {number} other */
  constructor(other) {
    this.other = other;
  }

  get lastId() {
    return this.last?.mensagem_id ?? 0;
  }

  /** @param {ConversationPayload} payload */
  load({ nome, nao_lidas, lida_ate, outro_lida_ate, outro_recebida_ate, ultima }) {
    this.name = nome;
    this.unread = nao_lidas;
    this.readTo = lida_ate;
    this.theirReadTo = outro_lida_ate;
    this.theirReceivedTo = outro_recebida_ate;
    this.last = ultima;
    this.#countedTo = this.lastId;
  }

  /**
   * @param {MessageEvent} event
   * @returns {boolean} whether it is new here
   */
  receive(event) {
    const message = messageOf(event);
    const isNew = event.mensagem_id > this.#countedTo;
    this.keep(message);
    this.name = event.nome;
    if (!isNew) return false;
    this.unread = event.nao_lidas;
    this.#countedTo = event.mensagem_id;
    return true;
  }

  /** @param {Message} message that the bank has; its event may still be on its way */
  keep(message) {
    this.history.receive(message);
    if (message.mensagem_id >= this.lastId) this.last = message;
  }

  /** @param {MessageEvent} event */
  change(event) {
    const message = messageOf(event);
    this.history.change(message);
    if (message.mensagem_id === this.lastId) this.last = message;
  }

  /** @param {ReadEvent} event */
  read({ usuario_id, lida_ate, recebida_ate, nao_lidas }) {
    if (usuario_id === this.other) {
      this.theirReadTo = Math.max(this.theirReadTo, lida_ate);
      this.theirReceivedTo = Math.max(this.theirReceivedTo, recebida_ate);
    } else if (lida_ate > this.readTo) {
      this.readTo = lida_ate;
      this.unread = nao_lidas ?? this.unread;
    }
  }

  /**
   * @param {Message} message an own one
   * @returns {Tick}
   */
  tickOf({ mensagem_id: id }) {
    if (id <= this.theirReadTo) return "lida";
    return id <= this.theirReceivedTo ? "recebida" : "enviada";
  }
}
