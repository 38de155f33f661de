// @ts-check
import { Emitter } from "../models/emitter.js";
/** @import { Notification, Projection, Schedule } from "../types/wire.js" */
/** @import { Http } from "./http.js" */
/** @import { Scope } from "./scope.js" */
/** @import { App } from "../app.js" */

/** What comes within this time is asked for together. */
const TOGETHER_MS = 400;

/**
 * The schedules of the person and what they make of the balances, as the bank tells them.
 * @extends {Emitter<{ change: Agenda }>}
 */
export class Agenda extends Emitter {
  /** @type {Schedule[]} the active ones in their order, then what is over */
  schedules = [];
  /** @type {Projection | null} */
  projection = null;
  /** Why it could not be had; empty when it could. */
  failed = "";
  #http;
  #turn = 0;

  /** @param {Http} http */
  constructor(http) {
    super();
    this.#http = http;
  }

  async load() {
    const mine = (this.#turn += 1);
    const asked = Promise.all([this.#http.get("/agendamentos"), this.#http.get("/agendamentos/projecao")]);
    const failed = await asked.then(
      ([schedules, projection]) => {
        if (mine === this.#turn) [this.schedules, this.projection] = [schedules, projection];
        return "";
      },
      (error) => error.message,
    );
    if (mine !== this.#turn) return;
    this.failed = failed;
    this.emit("change", this);
  }

  /** @param {number} id */
  find(id) {
    return this.schedules.find((schedule) => schedule.id === id) ?? null;
  }

  /** @param {string} state */
  in(state) {
    return this.schedules.filter(({ estado }) => (estado === "ativo") === (state === "ativo"));
  }
}

/**
 * Loads it now, and afresh when something was done or moved.
 * @param {App} app
 * @param {Scope} scope
 */
export function liveAgenda({ http, inbox, bank, connection }, scope) {
  const agenda = new Agenda(http);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      agenda.load();
    }, TOGETHER_MS);
  };
  scope.add(inbox.on("arrived", (event) => isOfSchedule(event) && soon()));
  scope.add(bank.on("balance", soon), bank.on("load", soon));
  scope.add(connection.on("change", ({ state }) => state === "conectado" && agenda.failed !== "" && soon()));
  scope.eachDay(soon);
  scope.add(() => clearTimeout(timer));
  agenda.load();
  return agenda;
}

/** @param {Notification} event */
const isOfSchedule = ({ tipo, dados }) => tipo === "agendamento" || dados?.agendamento_id !== undefined;
