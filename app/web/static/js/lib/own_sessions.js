// @ts-check
import { Emitter } from "../models/emitter.js";
import { SECURITY } from "../models/preferences.js";
/** @import { App } from "../app.js" */
/** @import { OwnSession } from "../types/wire.js" */
/** @import { ApiError, Http } from "./http.js" */
/** @import { Scope } from "./scope.js" */

/** What comes within this time is asked for together. */
const TOGETHER_MS = 400;

/** @typedef {{ ended: number, failed: string }} Ended `failed`: why not all were ended; empty when they were */

/**
 * Where the person is logged in, this device first.
 * @extends {Emitter<{ change: OwnSessions }>}
 */
export class OwnSessions extends Emitter {
  /** @type {OwnSession[] | null} null until they are known */
  list = null;
  /** Why they could not be had; empty when they could. */
  failed = "";
  #http;
  #turn = 0;

  /** @param {Pick<Http, "get" | "delete">} http */
  constructor(http) {
    super();
    this.#http = http;
  }

  get others() {
    return (this.list ?? []).filter(({ atual }) => !atual);
  }

  async load() {
    const mine = (this.#turn += 1);
    const failed = await this.#http.get("/sessoes").then(
      (/** @type {OwnSession[]} */ all) => {
        if (mine === this.#turn) this.list = all.sort((one, other) => Number(other.atual) - Number(one.atual));
        return "";
      },
      (/** @type {Error} */ error) => error.message,
    );
    if (mine !== this.#turn) return;
    this.failed = failed;
    this.emit("change", this);
  }

  /**
   * One after the other, so that what fails is known; one that has ended by itself is no failure.
   * @param {OwnSession[]} sessions
   * @returns {Promise<Ended>}
   */
  async end(sessions) {
    let ended = 0;
    let failed = "";
    for (const { id } of sessions) {
      failed = await this.#http.delete(`/sessoes/${id}`).then(() => "", (/** @type {ApiError} */ { status, message }) => (status === 404 ? "" : message));
      if (failed) break;
      ended += 1;
    }
    await this.load();
    return { ended, failed };
  }
}

/**
 * Loads them now, and afresh when somebody came in or the password changed.
 * @param {App} app
 * @param {Scope} scope
 */
export function liveSessions({ http, inbox, connection }, scope) {
  const sessions = new OwnSessions(http);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      sessions.load();
    }, TOGETHER_MS);
  };
  scope.add(inbox.on("arrived", ({ tipo }) => tipo === SECURITY && soon()), () => clearTimeout(timer));
  scope.add(connection.on("change", ({ state }) => state === "conectado" && sessions.failed !== "" && sessions.load()));
  sessions.load();
  return sessions;
}
