// @ts-check
import { loadSocketIo } from "./vendor.js";

const { io } = await loadSocketIo();

const DURABLE = ["notificacao", "chat_mensagem"];
const STATE = ["saldo_atualizado", "notificacoes_lidas", "erro"];

/**
 * One Socket.IO socket for one session. When to connect is the connection model's decision,
 * so the library's own reconnection stays off.
 */
export class Wire {
  #socket;
  #drainMs = /** @type {number | undefined} */ (undefined);

  /**
   * @param {object} parts
   * @param {() => object} parts.auth what the handshake says: token and position in the stream
   * @param {(where: { node?: string, transport?: string }) => void} parts.greeted
   * @param {(answer: any) => void} parts.authenticated
   * @param {(name: string, event: any) => void} parts.durable
   * @param {(name: string, payload: any) => void} parts.state
   * @param {(afterMs?: number) => void} parts.lost
   * @param {(reason: string) => void} parts.ended
   */
  constructor({ auth, greeted, authenticated, durable, state, lost, ended }) {
    this.#socket = io({
      auth: (give) => give(auth()),
      autoConnect: false,
      reconnection: false,
      forceNew: true,
      transports: ["websocket", "polling"],
      tryAllTransports: true,
    });
    const socket = this.#socket;
    socket.on("conexao", ({ no = "" } = {}) => greeted({ node: no, transport: this.transport }));
    socket.on("autenticado", authenticated);
    DURABLE.forEach((name) => socket.on(name, (event) => durable(name, event)));
    STATE.forEach((name) => socket.on(name, (payload) => state(name, payload)));
    socket.on("sessao_encerrada", ({ motivo = "" } = {}) => ended(motivo));
    socket.on("servidor_drenando", (/** @type {{ reconectar_em_ms?: number }} */ { reconectar_em_ms } = {}) => {
      this.#drainMs = reconectar_em_ms;
    });
    const gone = () => {
      lost(this.#drainMs);
      this.#drainMs = undefined;
    };
    socket.on("disconnect", (reason) => reason !== "io client disconnect" && gone());
    socket.on("connect_error", gone);
  }

  get transport() {
    return this.#socket.io.engine?.transport?.name ?? "";
  }

  get connected() {
    return this.#socket.connected;
  }

  connect() {
    this.#socket.connect();
  }

  close() {
    this.#socket.disconnect();
  }

  /**
   * Ephemeral on purpose: what is said while offline is not kept for later.
   * @param {string} name
   * @param {object} payload
   */
  say(name, payload) {
    if (this.#socket.connected) this.#socket.emit(name, payload);
  }
}
