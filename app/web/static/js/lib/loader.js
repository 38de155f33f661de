// @ts-check
/** @import { App } from "../app.js" */
/** @import { AccountPayload, Inbox, Summary } from "../types/wire.js" */

const PAGE_ROWS = 100;
export const INBOX_PAGE = 30;
/** How long after a failure it is tried again; doubled each time, up to the last. */
const RETRY_FIRST_MS = 1000;
const RETRY_MS_MAX = 30_000;

/** Fetches the state that is shown, whole. One fetch at a time; a call during one starts another after it. */
export class Loader {
  #app;
  /** @type {Promise<void> | null} */
  #running = null;
  #again = false;
  /** @type {number | undefined} */
  #retry;
  #retryMs = RETRY_FIRST_MS;

  /** @param {App} app */
  constructor(app) {
    this.#app = app;
  }

  load() {
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    clearTimeout(this.#retry);
    this.#running = this.#fetchAll().finally(() => {
      this.#running = null;
      if (!this.#again) return;
      this.#again = false;
      this.load();
    });
    return this.#running;
  }

  async #fetchAll() {
    const { bank, http, inbox, session } = this.#app;
    const user = session.user?.id;
    bank.beginLoad();
    try {
      const [accounts, newest, summary, page] = await Promise.all([
        /** @type {Promise<AccountPayload[]>} */ (http.get("/correntistas")),
        http.page(`/movimentacoes?limite=${PAGE_ROWS}`),
        /** @type {Promise<Summary>} */ (http.get("/resumo")),
        /** @type {Promise<Inbox | null>} */ (http.get(`/notificacoes?limite=${INBOX_PAGE}`).catch(() => null)),
      ]);
      if (user === undefined || session.user?.id !== user) return bank.failLoad();
      if (page) inbox.load(page, page.notificacoes.length < INBOX_PAGE);
      bank.load({ accounts, rows: newest.body, complete: newest.next === null, summary });
      this.#retryMs = RETRY_FIRST_MS;
    } catch {
      bank.failLoad();
      this.#tryLater(user);
    }
  }

  /**
   * A bank that was away for a moment is no reason to stay empty, or old, on a line that is there.
   * @param {number | undefined} user whoever is here by then, this is theirs
   */
  #tryLater(user) {
    this.#retry = setTimeout(() => user !== undefined && this.#app.session.user?.id === user && this.load(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
  }

  /** Where reading stands: what was read elsewhere while this page heard nothing. */
  async readCursor() {
    const { http, inbox, session } = this.#app;
    const user = session.user?.id;
    /** @type {Inbox | null} */
    const page = await http.get(`/notificacoes?limite=${PAGE_ROWS}`).catch(() => null);
    if (page && session.user?.id === user) inbox.readAs(page);
  }
}
