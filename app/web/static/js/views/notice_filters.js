// @ts-check
import { el } from "../lib/dom.js";
import { KINDS } from "../models/preferences.js";
import { KIND_NAMES } from "./toasts.js";
/** @import { NoticeFilter } from "../models/notices.js" */

const WAYS = { "": "Tudo", entrada: "Entrou", saida: "Saiu" };

let made = 0;

/** @param {(filter: NoticeFilter) => void} apply */
export function noticeFilters(apply) {
  // The panel and the page may both be there.
  const id = `avisos-filtro-${(made += 1)}`;
  const kind = el("select", { id, "aria-label": "Tipo de aviso", "data-testid": "avisos-tipo" }, el("option", { value: "" }, "Todo tipo"));
  KINDS.forEach((name) => kind.append(el("option", { value: name }, KIND_NAMES[name])));
  const ways = Object.entries(WAYS).map(([value, words]) => {
    const input = el("input", { type: "radio", name: `${id}-sentido`, value, checked: value === "", "data-testid": `avisos-${value || "tudo"}` });
    return { input, label: el("label", {}, input, words) };
  });
  const changed = () => apply({ kind: kind.value, way: ways.find(({ input }) => input.checked)?.input.value ?? "" });
  [kind, ...ways.map(({ input }) => input)].forEach((input) => input.addEventListener("change", changed));
  return el(
    "form",
    { class: "notice-filters", "aria-label": "Filtros dos avisos", onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
    el("fieldset", { class: "ways" }, el("legend", { class: "sr-only" }, "Dinheiro que entrou ou saiu"), ...ways.map(({ label }) => label)),
    kind,
  );
}
