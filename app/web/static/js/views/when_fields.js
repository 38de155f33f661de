// @ts-check
import { el } from "../lib/dom.js";
import { dayKey, daysAfter } from "../models/dates.js";
import { RECURRENCES, whenProblems } from "../models/schedule.js";
import { field } from "./field.js";
/** @import { When } from "../models/schedule.js" */
/** @import { Recurrence } from "../types/wire.js" */

/**
 * A switch, and behind it the day and how often it comes again.
 * @param {{ on: boolean, left: When | null }} options `left`: what was chosen here before
 */
export function whenFields({ on, left }) {
  const later = el("input", { type: "checkbox", role: "switch", id: "agendar", "aria-controls": "quando", "data-testid": "op-agendar" });
  const dates = dateFields(left ?? { day: daysAfter(dayKey(new Date()), 1), recurrence: "unica", until: "" });
  later.checked = on || left !== null;
  const show = () => (dates.node.hidden = !later.checked);
  later.addEventListener("change", show);
  show();
  dates.node.id = "quando";
  return {
    node: el("div", { class: "when" }, el("label", { class: "switch", for: "agendar" }, later, "Agendar para outra data"), dates.node),
    fields: dates.fields,
    /** @returns {When | null} null for now */
    get chosen() {
      return later.checked ? dates.chosen : null;
    },
    get problems() {
      return later.checked ? whenProblems(dates.chosen) : {};
    },
  };
}

/** @param {When} begin */
export function dateFields({ day, recurrence, until }) {
  const today = dayKey(new Date());
  const date = el("input", { type: "date", id: "data", name: "data", min: today, required: true, "data-testid": "op-data" });
  const options = Object.entries(RECURRENCES).map(([value, words]) => el("option", { value }, words));
  const repeat = el("select", { id: "recorrencia", name: "recorrencia", "data-testid": "op-repetir" }, ...options);
  const end = el("input", { type: "date", id: "ate", name: "ate", min: today, "data-testid": "op-ate" });
  date.value = day;
  repeat.value = recurrence;
  end.value = until;
  const fields = {
    data: field("Data", date, { hint: "Em dia sem banco, é feito no próximo dia útil." }),
    recorrencia: field("Repetir", repeat),
    ate: field("Até (opcional)", end, { hint: "Sem data, repete até você cancelar." }),
  };
  const show = () => (fields.ate.node.hidden = repeat.value === "unica");
  repeat.addEventListener("change", show);
  show();
  return {
    node: el("div", { class: "when-dates" }, ...Object.values(fields).map((each) => each.node)),
    fields,
    /** @returns {When} */
    get chosen() {
      const chosen = /** @type {Recurrence} */ (repeat.value);
      return { day: date.value, recurrence: chosen, until: chosen === "unica" ? "" : end.value };
    },
  };
}
