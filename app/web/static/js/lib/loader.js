// @ts-check
import { daysBefore, dayKey } from "../models/dates.js";
import { CHART_DAYS } from "../models/overview.js";
/** @import { App } from "../app.js" */
/** @import { AccountPayload, Inbox, Row } from "../types/wire.js" */

const PAGE_ROWS = 100;
/** Enough for the month and the chart of nearly everybody; the statement pages on from there. */
const PAGES_MAX = 10;
export const INBOX_PAGE = 30;

/** Fetches the state that is shown, whole. One fetch at a time; a call during one starts another after it. */
export class Loader {
  #app;
  /** @type {Promise<void> | null} */
  #running = null;
  #again = false;

  /** @param {App} app */
  constructor(app) {
    this.#app = app;
  }

  load() {
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
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
    } catch {
      bank.failLoad();
    }
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
