// @ts-check
import { el, fill, icon, setText } from "../lib/dom.js";
import { balanceOn, businessDay } from "../models/agenda.js";
import { longDay, plainDay } from "../models/dates.js";
import { formatBRL } from "../models/money.js";
import { repeatWords } from "../models/schedule.js";
/** @import { App } from "../app.js" */
/** @import { Draft } from "../models/operation.js" */
/** @import { When } from "../models/schedule.js" */
/** @import { Projection } from "../types/wire.js" */
/** @import { Scope } from "../lib/scope.js" */

/**
 * When it will be done, and whether there will be enough then, as far as anybody can tell.
 * @param {App} app
 * @param {Draft & { when: When }} draft
 * @param {Scope} scope
 */
export function whenCheck(app, draft, scope) {
  const { account, when } = draft;
  const day = el("dd", { "data-testid": "op-dia" }, longDay(when.day));
  const balance = el("dd", { "data-testid": "op-saldo-previsto" }, "Consultando…");
  const warning = el("p", { class: "form-notice", role: "status", "data-testid": "op-sem-fundos" });
  const fact = (/** @type {string} */ label, /** @type {HTMLElement} */ value) => el("div", {}, el("dt", {}, label), value);
  app.http.get(`/agendamentos/projecao?correntista_id=${account}`).then(
    (projection) => !scope.disposed && show(projection, draft, { day, balance, warning }),
    () => setText(balance, "Não foi possível consultar."),
  );
  const facts = [fact("Data", day), fact("Repete", el("dd", {}, repeatWords(when))), fact("Saldo previsto depois", balance)];
  return el("div", { class: "when-check" }, el("dl", { class: "facts" }, ...facts), warning);
}

/**
 * @param {Projection} projection
 * @param {Draft & { when: When }} draft
 * @param {{ day: HTMLElement, balance: HTMLElement, warning: HTMLElement }} parts
 */
function show(projection, { account, cents, when }, { day, balance, warning }) {
  const done = businessDay(projection, when.day);
  if (done !== when.day) setText(day, `${longDay(done)}, o dia útil que vem depois de ${plainDay(when.day)}`);
  const before = balanceOn(projection, account, done);
  if (before === null) return setText(balance, `A previsão vai só até ${plainDay(projection.ate)}.`);
  const after = before - cents;
  setText(balance, formatBRL(after));
  balance.classList.toggle("out", after < 0);
  if (after >= 0) return;
  const words = `Pela previsão, vão faltar ${formatBRL(-after)} nesse dia. Sem saldo, o banco tenta à 0h, às 12h e às 18h, e então desiste dessa data.`;
  fill(warning, icon("triangle-alert"), words);
}
