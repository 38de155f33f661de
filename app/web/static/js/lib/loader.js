// @ts-check
import { daysBefore, dayKey } from "../models/dates.js";
import { CHART_DAYS } from "../models/overview.js";
/** @import { App } from "../app.js" */
/** @import { AccountPayload, Inbox, Row } from "../types/wire.js" */

const PAGE_ROWS = 100;
/** Enough for the month and the chart of nearly everybody; the statement pages on from there. */
const PAGES_MAX = 10;
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
      const [accounts, rows, page] = await Promise.all([
        /** @type {Promise<AccountPayload[]>} */ (http.get("/correntistas")),
        this.#recentRows(),
        /** @type {Promise<Inbox | null>} */ (http.get(`/notificacoes?limite=${INBOX_PAGE}`).catch(() => null)),
      ]);
      if (user === undefined || session.user?.id !== user) return bank.failLoad();
      if (page) inbox.load(page, page.notificacoes.length < INBOX_PAGE);
      bank.load({ accounts, ...rows });
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

  /** The newest rows, back to the first day that the month's totals and the chart need. */
  async #recentRows() {
    const now = new Date();
    const since = [daysBefore(now, CHART_DAYS), `${dayKey(now).slice(0, 7)}-01`].sort()[0];
    /** @type {Row[]} */
    const rows = [];
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const last = rows.at(-1);
      const before = last ? `&antes=${last.MovimentacaoID}` : "";
      /** @type {Row[]} */
      const fetched = await this.#app.http.get(`/movimentacoes?limite=${PAGE_ROWS}${before}`);
      rows.push(...fetched);
      if (fetched.length < PAGE_ROWS) return { rows, complete: true };
      if (dayKey(fetched[fetched.length - 1].DataOperacao) < since) break;
    }
    return { rows, complete: false };
  }
}
