// @ts-check
import { el, fill, icon, setText } from "../lib/dom.js";
import { liveAgenda } from "../lib/agenda.js";
import { Scope } from "../lib/scope.js";
import { shortages } from "../models/agenda.js";
import { plainDay } from "../models/dates.js";
import { outcomeWords, repeatWords, sumWords, titleOf, whenOf } from "../models/schedule.js";
import { OPERATIONS } from "../models/operation.js";
import { agendaCalendar } from "./agenda_calendar.js";
import { scheduleView } from "./schedule.js";
/** @import { App } from "../app.js" */
/** @import { Agenda } from "../lib/agenda.js" */
/** @import { Schedule } from "../types/wire.js" */

const SHORTAGES_SHOWN_MAX = 3;

/**
 * What is due: a month, what lacks funds, and a list.
 * @param {App} app
 * @param {string[]} params the schedule's id, or none
 */
export function agendaView(app, [id]) {
  const scope = new Scope();
  const agenda = liveAgenda(app, scope);
  if (id) return scheduleView(app, agenda, Number(id) || 0, scope);
  const parts = [warnings(agenda), agendaCalendar(app, agenda), scheduleLists(agenda)];
  const failed = el("p", { class: "form-notice", role: "status", "data-testid": "agenda-falha" });
  const node = el(
    "div",
    { class: "agenda", "aria-busy": "true" },
    el("header", { class: "section-head" }, el("h1", {}, "Agenda"), newLink()),
    failed,
    ...parts.map((part) => part.node),
  );
  const update = () => {
    if (agenda.failed) fill(failed, icon("triangle-alert"), agenda.failed);
    else failed.replaceChildren();
    if (!agenda.projection) return;
    node.removeAttribute("aria-busy");
    parts.forEach((part) => part.update());
  };
  scope.add(agenda.on("change", update), app.bank.on("change", update));
  return { node, title: "Agenda", dispose: () => scope.dispose() };
}

function newLink() {
  return el("a", { href: "#/operar/transferencia/agendar", role: "button", "data-testid": "agenda-novo" }, icon("plus"), "Agendar");
}

/** @param {Agenda} agenda */
function warnings(agenda) {
  const node = el("div", { role: "status", "data-testid": "agenda-sem-fundos" });
  const update = () => {
    const found = agenda.projection ? shortages(agenda.projection, agenda.schedules) : [];
    const shown = found.slice(0, SHORTAGES_SHOWN_MAX).map(({ day, schedule }) =>
      el("li", {}, el("a", { href: `#/agenda/${schedule.id}` }, `${plainDay(day)}: ${titleOf(schedule)}, ${sumWords(schedule)}`)),
    );
    const more = found.length > shown.length ? el("li", {}, `e mais ${found.length - shown.length}`) : null;
    const words = found.map(({ day, schedule }) => `${day}:${schedule.id}`).join();
    if (node.dataset.shown === words) return;
    node.dataset.shown = words;
    fill(node, found.length > 0 && el("div", { class: "form-notice agenda-warning" }, icon("triangle-alert"), el("div", {}, el("b", {}, "Vai faltar saldo"), el("ul", {}, ...shown, more))));
  };
  return { node, update };
}

/** @param {Agenda} agenda */
function scheduleLists(agenda) {
  const next = el("ul", { class: "rows", role: "list", "data-testid": "agenda-proximos" });
  const over = el("ul", { class: "rows", role: "list", "data-testid": "agenda-passados" });
  const count = el("summary");
  const past = el("details", { class: "panel agenda-past", hidden: true }, count, over);
  const node = el(
    "div",
    { class: "agenda-lists" },
    el("section", { class: "panel", "aria-labelledby": "proximos-titulo" }, el("h2", { id: "proximos-titulo" }, "Próximos"), next),
    past,
  );
  const update = () => {
    const [live, ended] = [agenda.in("ativo"), agenda.in("encerrado")];
    const empty = el("li", { class: "empty" }, "Nada agendado. Agende uma transferência ou um pagamento, e o dia aparece aqui.");
    fill(next, ...(live.length ? live.map(rowOf) : [empty]));
    fill(over, ...ended.map(rowOf));
    past.hidden = ended.length === 0;
    setText(count, `Encerrados (${ended.length})`);
  };
  return { node, update };
}

/** @param {Schedule} schedule */
function rowOf(schedule) {
  const { id, tipo, estado, proxima_data: next, dia_util: done } = schedule;
  const last = outcomeWords(schedule);
  const day = next && (done && done !== next ? `${plainDay(next)}, feito em ${plainDay(done)}` : plainDay(next));
  const details = [day, schedule.recorrencia === "unica" ? "" : repeatWords(whenOf(schedule)), last].filter(Boolean).join(" · ");
  const wentWrong = estado !== "cancelado" && schedule.ultima && schedule.ultima.resultado !== "feito";
  return el(
    "li",
    { class: "row", "data-testid": "agenda-linha", "data-id": id },
    el(
      "a",
      { class: "row-body", href: `#/agenda/${id}` },
      el("span", { class: "row-icon", "data-way": wentWrong ? "out" : "in" }, icon(wentWrong ? "triangle-alert" : OPERATIONS[tipo].icon)),
      el("span", { class: "row-text" }, el("b", {}, titleOf(schedule)), el("small", {}, details)),
      el("span", { class: "row-sums" }, el("b", {}, sumWords(schedule))),
    ),
  );
}
