// @ts-check
/** @import { ApiError } from "./http.js" */
/** @import { Outbox, Waiting } from "../models/outbox.js" */
/** @import { Message } from "../types/wire.js" */

/** These refusals stay as they are, at least for hours, however often the message is sent. */
const FINAL = new Set(["nao_sao_contatos", "dados_invalidos", "id_cliente_reutilizado", "limite_de_texto"]);
const RETRY_MS = 3000;

/** Sends what waits, one after the other, so that the order stays; each again under its own id until it is answered. */
export class ChatSender {
  #parts;
  #running = false;
  /** @type {unknown} */
  #timer;

  /**
   * @param {object} parts
   * @param {Outbox} parts.outbox
   * @param {(name: string, payload: object) => Promise<{ id: number }>} parts.ask
   * @param {() => boolean} parts.isLive
   * @param {(waiting: Waiting, id: number) => void} parts.sent
   * @param {(run: () => void, ms: number) => unknown} [parts.schedule]
   * @param {(timer: any) => void} [parts.cancel]
   */
  constructor({ outbox, ask, isLive, sent, schedule = (run, ms) => setTimeout(run, ms), cancel = (timer) => clearTimeout(timer) }) {
    this.#parts = { outbox, ask, isLive, sent, schedule, cancel };
  }

  /** There is something to send, or a line to send it on. */
  async send() {
    const { outbox, isLive, cancel } = this.#parts;
    cancel(this.#timer);
    if (this.#running) return;
    this.#running = true;
    for (let next = outbox.next; next && isLive(); next = outbox.next) {
      if (!(await this.#sendOne(next))) break;
    }
    this.#running = false;
  }

  /**
   * @param {Waiting} waiting
   * @returns {Promise<boolean>} whether the next may follow
   */
  async #sendOne(waiting) {
    const { outbox, ask, sent, schedule } = this.#parts;
    const { para, texto, id_cliente } = waiting;
    try {
      const { id } = await ask("chat_enviar", { para, texto, id_cliente });
      outbox.remove(id_cliente);
      sent(waiting, id);
    } catch (error) {
      const { code, message } = /** @type {ApiError} */ (error);
      if (!FINAL.has(code)) {
        this.#timer = schedule(() => this.send(), RETRY_MS);
        return false;
      }
      outbox.fail(id_cliente, message);
    }
    return true;
  }
}

/**
 * An acknowledged message as its event will have it.
 * @param {Waiting} waiting
 * @param {{ id: number, me: number }} facts
 * @returns {Message}
 */
export function acknowledged({ para, texto, timestamp, id_cliente }, { id, me }) {
  return {
    mensagem_id: id,
    de: me,
    para,
    tipo: "texto",
    texto,
    timestamp,
    id_cliente,
    editada: false,
    apagada: false,
    valor: null,
    correntista_id: null,
    situacao: null,
    operacao_id: null,
  };
}
