// @ts-check
import { OPERATIONS } from "../models/operation.js";
import { isSettled } from "../models/pending.js";
import { Emitter } from "../models/emitter.js";
/** @import { ApiError, Http } from "./http.js" */
/** @import { Pending, PendingOperation } from "../models/pending.js" */
/** @import { OperationAnswer, OperationBody, OperationKind } from "../types/wire.js" */
/** @import { Session } from "../models/session.js" */

/**
 * Sends operations, each under the key it keeps until its answer is known.
 * @extends {Emitter<{ done: OperationAnswer, change: Pending | null }>}
 */
export class Operations extends Emitter {
  #http;
  #pending;
  #session;
  /** @type {string | null} the key that is under way */
  #sending = null;
  /** @type {Map<string, OperationAnswer>} */
  #answers = new Map();

  /** @param {{ http: Http, pending: PendingOperation, session: Session }} parts */
  constructor({ http, pending, session }) {
    super();
    this.#http = http;
    this.#pending = pending;
    this.#session = session;
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
   * @returns {Promise<OperationAnswer>}
   */
  async send(operation) {
    const pending = this.#pending.begin({ user: this.#session.user?.id ?? 0, ...operation });
    this.#sending = pending.key;
    this.emit("change", this.inDoubt);
    try {
      const { path } = OPERATIONS[pending.kind];
      const answer = await this.#http.post(path, pending.body, { "Idempotency-Key": pending.key });
      this.#pending.settle();
      this.#answers.set(String(answer.operacao_id), answer);
      this.emit("done", answer);
      return answer;
    } catch (error) {
      if (isSettled(/** @type {ApiError} */ (error).status)) this.#pending.settle();
      throw error;
    } finally {
      this.#sending = null;
      this.emit("change", this.inDoubt);
    }
  }

  /** Asks again under the same key: it is done now, or the first answer comes again. */
  resume() {
    const pending = this.inDoubt;
    return pending ? this.send(pending) : Promise.resolve(null);
  }

  /** Somebody else may be here next. */
  clear() {
    this.#answers.clear();
  }

  forget() {
    this.#pending.settle();
    this.emit("change", null);
  }
}
