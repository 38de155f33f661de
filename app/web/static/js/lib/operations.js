// @ts-check
import { newKey } from "../app.js";
import { unapproved } from "./approval.js";
import { bodyOf, OPERATIONS } from "../models/operation.js";
import { isSettled, PendingOperation } from "../models/pending.js";
import { Emitter } from "../models/emitter.js";
import { ApiError } from "./http.js";
/** @import { App } from "../app.js" */
/** @import { Http } from "./http.js" */
/** @import { Pending } from "../models/pending.js" */
/** @import { Approve } from "./approval.js" */
/** @import { OperationAnswer, OperationBody, OperationKind } from "../types/wire.js" */
/** @import { Session } from "../models/session.js" */

/** Like the bank's own refusal: nothing was sent, and nothing is in doubt because of it. */
const REFUSED_STATUS = 422;
/** What never left the device cannot have been done; no doubt is made of it. */
const NOT_SENT = "Sem conexão: a operação não foi enviada, e nada foi movido. Confirme de novo quando a conexão voltar.";

/**
 * Sends operations, each under the key it keeps until its answer is known.
 * @extends {Emitter<{ sent: Pending, done: OperationAnswer, change: Pending | null }>}
 */
export class Operations extends Emitter {
  #http;
  #pending;
  #session;
  #online;
  /** @type {string | null} the key that is under way */
  #sending = null;
  /** @type {Map<string, OperationAnswer>} */
  #answers = new Map();

  /** @param {{ http: Http, pending: PendingOperation, session: Session, online?: () => boolean }} parts */
  constructor({ http, pending, session, online = () => navigator.onLine }) {
    super();
    this.#http = http;
    this.#pending = pending;
    this.#session = session;
    this.#online = online;
  }

  /** What may or may not have happened, and is not being asked about right now. */
  get inDoubt() {
    const known = this.#pending.of(this.#session.user?.id ?? 0);
    return known && known.key !== this.#sending ? known : null;
  }

  /**
   * The answer to an operation of this page's life, for its receipt.
   * @param {string} id
   */
  answerOf(id) {
    return this.#answers.get(id) ?? null;
  }

  /**
   * @param {{ kind: OperationKind, body: OperationBody, summary: string }} operation
   * @param {Approve} [approve] sends it again, under the same key, with what a large amount asks for
   * @returns {Promise<OperationAnswer | null>} null when the answer came to another person's screen
   */
  async send(operation, approve = unapproved) {
    const user = this.#session.user?.id ?? 0;
    if (!this.#online() && !this.#pending.of(user)) throw new ApiError(NOT_SENT, { status: REFUSED_STATUS, code: "nao_enviada" });
    const pending = this.#pending.begin({ user, ...operation });
    if (!pending) throw this.#refusal(user);
    this.#sending = pending.key;
    this.emit("change", this.inDoubt);
    try {
      const { path } = OPERATIONS[pending.kind];
      const answer = await approve((headers) => this.#http.post(path, pending.body, { "Idempotency-Key": pending.key, ...headers }));
      this.#pending.settle(pending);
      return this.#take(answer, pending);
    } catch (error) {
      const { status, code } = /** @type {ApiError} */ (error);
      if (isSettled(status, code)) this.#pending.settle(pending);
      throw error;
    } finally {
      if (this.#sending === pending.key) this.#sending = null;
      this.emit("change", this.inDoubt);
    }
  }

  /**
   * @param {OperationAnswer} answer
   * @param {Pending} pending what it answers, and who asked; somebody else may be here by now
   */
  #take(answer, pending) {
    if (this.#session.user?.id !== pending.user) return null;
    this.#answers.set(String(answer.operacao_id), answer);
    this.emit("sent", pending);
    this.emit("done", answer);
    return answer;
  }

  /** @param {number} user */
  #refusal(user) {
    const { summary = "" } = this.#pending.of(user) ?? {};
    const text = `Antes, resolva a que ficou sem resposta: ${summary}.`;
    return new ApiError(text, { status: REFUSED_STATUS, code: "operacao_em_duvida" });
  }

  /**
   * Asks again under the same key: it is done now, or the first answer comes again.
   * @param {Approve} [approve]
   */
  resume(approve) {
    const pending = this.inDoubt;
    return pending ? this.send(pending, approve) : Promise.resolve(null);
  }

  /** Somebody else may be here next. */
  clear() {
    this.#answers.clear();
  }

  /** The person looks into it another way; what the bank may have done stays done. */
  forget() {
    const pending = this.inDoubt;
    if (pending) this.#pending.settle(pending);
    this.emit("change", this.inDoubt);
  }

  /**
   * Another tab resolved it. What another tab begins is not in doubt yet.
   * @param {string | null} place
   * @param {string | null} after
   */
  changedElsewhere(place, after) {
    if (after === null && this.#pending.isAt(place, this.#session.user?.id ?? 0)) this.emit("change", this.inDoubt);
  }
}

/**
 * Those of who is logged in, from the first screen on that makes, shows or doubts one.
 * @param {App} app
 */
export function makeOperations({ bank, connection, http, loader, places, session }) {
  const operations = new Operations({ http, session, pending: new PendingOperation(localStorage, { newKey }) });
  operations.on("sent", ({ kind, body }) => places.settle((draft) => draft.kind === kind && isSame(bodyOf(draft), body)));
  // The answer tells at once what the socket would; without a socket it is all there is.
  operations.on("done", ({ movimentacao }) => {
    bank.applyRows([movimentacao]);
    if (connection.state !== "conectado") loader.load();
  });
  session.on("closed", () => operations.clear());
  window.addEventListener("storage", ({ key, newValue }) => operations.changedElsewhere(key, newValue));
  return operations;
}

/**
 * @param {OperationBody} one
 * @param {OperationBody} other
 */
const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);
