// @ts-check
import { el, fill, icon, setText } from "../lib/dom.js";
import { daysOf, holidaysOf, monthsAfter, weeksOf } from "../models/agenda.js";
import { dayKey, longDay, monthTitle, weekday } from "../models/dates.js";
import { formatBRL, formatSigned } from "../models/money.js";
import { titleOf } from "../models/schedule.js";
/** @import { App } from "../app.js" */
/** @import { Agenda } from "../lib/agenda.js" */
/** @import { Day } from "../models/agenda.js" */

const WEEKDAYS = [["Dom", "domingo"], ["Seg", "segunda-feira"], ["Ter", "terça-feira"], ["Qua", "quarta-feira"], ["Qui", "quinta-feira"], ["Sex", "sexta-feira"], ["Sáb", "sábado"]];
const CHIPS_MAX = 2;

/**
 * A month of days with what is planned on each, for one account or for all; a day that is chosen tells more.
 * @param {App} app
 * @param {Agenda} agenda
 */
export function agendaCalendar(app, agenda) {
  const left = app.here.kept("mes") ?? {};
  const shown = { month: left.month ?? dayKey(new Date()).slice(0, 7), day: left.day ?? "" };
  const title = el("span", { role: "status", "data-testid": "agenda-mes" });
  const body = el("tbody");
  const detail = el("div", { class: "agenda-day", role: "status", "data-testid": "agenda-dia" });
  const account = el("select", { id: "agenda-conta", "aria-label": "Conta", "data-testid": "agenda-conta" });
  const step = (/** @type {string} */ name, /** @type {string} */ words, /** @type {number} */ count) =>
    el("button", { type: "button", class: "ghost", "aria-label": words, "data-testid": `agenda-${name}`, onclick: () => show({ month: monthsAfter(shown.month, count), day: "" }) }, icon(`chevron-${name === "antes" ? "left" : "right"}`));
  const steps = [step("antes", "Mês anterior", -1), step("depois", "Próximo mês", 1)];
  const show = (/** @type {{ month: string, day: string }} */ next) => {
    Object.assign(shown, next);
    app.here.keep("mes", shown);
    update();
  };
  const update = () => {
    const { projection } = agenda;
    if (!projection) return;
    listAccounts(app, account);
    const days = daysOf(projection, Number(account.value) || null);
    const holidays = holidaysOf(projection);
    const focused = body.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.day : undefined;
    setText(title, monthTitle(shown.month));
    steps[0].disabled = shown.month <= projection.de.slice(0, 7);
    steps[1].disabled = shown.month >= projection.ate.slice(0, 7);
    const cell = (/** @type {string | null} */ day) =>
      dayCell(day, day ? days.get(day) : undefined, { isChosen: day === shown.day, holiday: day ? holidays.get(day) : undefined, choose: () => show({ ...shown, day: day === shown.day ? "" : (day ?? "") }) });
    fill(body, ...weeksOf(shown.month).map((week) => el("tr", {}, ...week.map(cell))));
    if (focused) /** @type {HTMLElement | null} */ (body.querySelector(`[data-day="${focused}"]`))?.focus();
    fill(detail, ...dayDetail(shown.day, days.get(shown.day), agenda));
  };
  account.addEventListener("change", update);
  const heads = WEEKDAYS.map(([short, name]) => el("th", { scope: "col", abbr: name }, el("span", { "aria-hidden": "true" }, short), el("span", { class: "sr-only" }, name)));
  const node = el(
    "section",
    { class: "panel agenda-month", "aria-labelledby": "mes" },
    el("header", { class: "section-head" }, el("div", { class: "agenda-steps" }, steps[0], el("h2", { id: "mes" }, title), steps[1]), account),
    el("table", { class: "month-days", "aria-labelledby": "mes" }, el("thead", {}, el("tr", {}, ...heads)), body),
    detail,
  );
  return { node, update };
}

/**
 * @param {App} app
 * @param {HTMLSelectElement} select
 */
function listAccounts({ bank }, select) {
  const accounts = bank.accounts.list;
  select.hidden = accounts.length < 2;
  const ids = ["", ...accounts.map(({ id }) => String(id))];
  if (ids.join() === [...select.options].map(({ value }) => value).join()) return;
  const chosen = select.value;
  fill(select, el("option", { value: "" }, "Todas as contas"), ...accounts.map(({ id, name }) => el("option", { value: id }, `${name} · conta ${id}`)));
  select.value = ids.includes(chosen) ? chosen : "";
}

/**
 * @param {string | null} day
 * @param {Day | undefined} planned
 * @param {{ isChosen: boolean, holiday?: string, choose: () => void }} options
 */
function dayCell(day, planned, { isChosen, holiday, choose }) {
  if (!day) return el("td", { class: "is-other" });
  const isToday = day === dayKey(new Date());
  const number = el("span", { class: "day-number", "aria-current": isToday ? "date" : null }, Number(day.slice(8)));
  const closed = holiday ? el("span", { class: "day-holiday", title: holiday }, holiday) : null;
  const name = ["month-day", [0, 6].includes(weekday(day)) || holiday ? "is-closed" : "", planned?.short ? "is-short" : ""].filter(Boolean).join(" ");
  if (!planned) return el("td", {}, el("div", { class: name, "data-today": isToday }, number, closed));
  const chips = planned.planned.slice(0, CHIPS_MAX).map(({ cents, short }) => el("span", { class: `day-chip ${cents < 0 ? "out" : "in"}` }, short ? icon("triangle-alert") : null, formatSigned(cents)));
  const more = planned.planned.length - chips.length;
  return el(
    "td",
    {},
    el(
      "button",
      { type: "button", class: name, "data-day": day, "data-today": isToday, "data-testid": "agenda-dia-marcado", "aria-pressed": String(isChosen), onclick: choose },
      el("span", { class: "sr-only" }, spoken(day, planned)),
      el(
        "span",
        { class: "day-face", "aria-hidden": "true" },
        number,
        closed,
        el("span", { class: "day-chips" }, ...chips, more > 0 ? el("span", { class: "soft" }, `mais ${more}`) : null),
        el("span", { class: "day-dot" }, planned.short ? icon("triangle-alert") : null),
      ),
    ),
  );
}

/**
 * @param {string} day
 * @param {Day} planned
 */
function spoken(day, { planned, balanceCents, short }) {
  const count = planned.length === 1 ? "um agendamento" : `${planned.length} agendamentos`;
  return `${longDay(day)}: ${count}${short ? ", vai faltar saldo" : ""}, saldo previsto ${formatBRL(balanceCents)}`;
}

/**
 * @param {string} day
 * @param {Day | undefined} planned
 * @param {Agenda} agenda
 */
function dayDetail(day, planned, agenda) {
  if (!day || !planned) return [];
  const items = planned.planned.map(({ id, cents, short, account }) => {
    const schedule = agenda.find(id);
    return el(
      "li",
      { class: "agenda-item" },
      el("a", { href: `#/agenda/${id}` }, schedule ? titleOf(schedule) : `Agendamento ${id}`),
      el("small", { class: short ? "out" : "soft" }, short ? "Sem saldo nesse dia" : `conta ${account}`),
      el("b", { class: cents < 0 ? "out" : "in" }, formatSigned(cents)),
    );
  });
  return [
    el("h3", {}, longDay(day)),
    el("ul", { role: "list" }, ...items),
    el("p", { class: "agenda-balance" }, "Saldo previsto no fim do dia: ", el("b", { class: "amount" }, formatBRL(planned.balanceCents))),
  ];
}
