// @ts-check
import { ApiError, NO_ANSWER } from "./http.js";
import { loadSocketIo } from "./vendor.js";

const { io } = await loadSocketIo();

/** An attempt that got nowhere in this time has failed. */
const CONNECT_MS_MAX = 10_000;
/** What is asked for over the socket is answered within this, or counts as lost. */
const ANSWER_MS_MAX = 10_000;
const DURABLE = ["notificacao", "chat_mensagem", "chat_alterada", "chat_lida"];
const STATE = ["saldo_atualizado", "notificacoes_lidas", "preferencias", "contatos", "chat_digitando", "presenca", "presenca_lista", "painel", "erro"];

/**
 * One Socket.IO socket for one session. When to connect is the connection model's decision,
 * so the library's own reconnection stays off.
 */
export class Wire {
  #socket;
  /** When the server asked this page to come again, once the line is gone. */
  #againMs = /** @type {number | undefined} */ (undefined);
  /** @type {Map<string, { mensagem: string, codigo: string }>} the reason, which comes before an empty answer */
  #refused = new Map();

  /**
   * @param {object} parts
   * @param {boolean} parts.direct straight to WebSocket; otherwise by polling, which passes everywhere, and up from there
   * @param {() => object} parts.auth what the handshake says: token and position in the stream
   * @param {(where: { node?: string, transport?: string }) => void} parts.greeted
   * @param {(answer: any) => void} parts.authenticated
   * @param {(name: string, event: any) => void} parts.durable
   * @param {(name: string, payload: any) => void} parts.state
   * @param {() => number} parts.seq of the last event that this page has
   * @param {(afterMs?: number) => void} parts.lost
   * @param {(reason: string) => void} parts.ended
   */
  constructor({ direct, auth, greeted, authenticated, durable, state, seq, lost, ended }) {
    this.#socket = io({
      auth: (give) => give(auth()),
      autoConnect: false,
      reconnection: false,
      forceNew: true,
      transports: direct ? ["websocket"] : ["polling", "websocket"],
      timeout: CONNECT_MS_MAX,
    });
    const socket = this.#socket;
    socket.on("connect", () => socket.io.engine.on("upgrade", ({ name }) => greeted({ transport: name })));
    socket.on("conexao", ({ no = "" } = {}) => greeted({ node: no, transport: this.transport }));
    socket.on("autenticado", authenticated);
    DURABLE.forEach((name) => socket.on(name, (event) => durable(name, event)));
    STATE.forEach((name) => socket.on(name, (payload) => state(name, payload)));
    socket.on("confirmar", (_asked, /** @type {(seq: number) => void} */ answer) => answer(seq()));
    socket.on("erro", (refused) => {
      if (refused?.evento) this.#refused.set(refused.evento, refused);
      if (refused?.evento === "autenticar") this.#againMs = refused.tentar_em_ms;
    });
    socket.on("sessao_encerrada", ({ motivo = "" } = {}) => ended(motivo));
    socket.on("servidor_drenando", (/** @type {{ reconectar_em_ms?: number }} */ { reconectar_em_ms } = {}) => {
      this.#againMs = reconectar_em_ms;
    });
    const gone = () => {
      lost(this.#againMs);
      this.#againMs = undefined;
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

  /**
   * @param {string} name
   * @param {object} payload
   * @returns {Promise<any>} rejects with the bank's reason, or with status 0 when none came
   */
  ask(name, payload) {
    return new Promise((resolve, reject) => {
      if (!this.#socket.connected) return reject(new ApiError(NO_ANSWER, { status: 0 }));
      return this.#socket.timeout(ANSWER_MS_MAX).emit(name, payload, (/** @type {Error | null} */ lost, /** @type {any} */ answer) => {
        const refused = this.#refused.get(name);
        this.#refused.delete(name);
        if (!lost && answer) resolve(answer);
        else reject(refused ? new ApiError(refused.mensagem, { status: 422, code: refused.codigo }) : new ApiError(NO_ANSWER, { status: 0 }));
      });
    });
  }
}
