// @ts-check
import { el, setText } from "../lib/dom.js";
import { daysBefore } from "../models/dates.js";
import { field } from "./field.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @import { Filter } from "../models/statement_filter.js" */

/** A filter that is being typed is applied after this pause. */
const TYPED_MS = 250;
/** The longest text that the API takes. */
const TEXT_CHARS_MAX = 100;

/**
 * By account, period, kind and text.
 * @param {App} app
 * @param {number} chosen the account to begin with, or 0
 * @param {Scope} scope
 * @param {(filter: Filter) => void} apply
 */
export function statementFilters({ bank, here }, chosen, scope, apply) {
  const account = el("select", { id: "extrato-conta", "data-testid": "extrato-conta" });
  const period = choice("extrato-periodo", { "": "Tudo", 7: "7 dias", 30: "30 dias", 90: "90 dias", livre: "Escolher datas" });
  const from = el("input", { type: "date", id: "extrato-de", "data-testid": "extrato-de" });
  const to = el("input", { type: "date", id: "extrato-ate", "data-testid": "extrato-ate" });
  const kind = choice("extrato-tipo", { "": "Tudo", credito: "Entradas", debito: "Saídas" });
  const text = el("input", { type: "search", id: "extrato-texto", maxlength: TEXT_CHARS_MAX, placeholder: "Descrição, nome ou valor", "data-testid": "extrato-texto" });
  const dates = el("div", { class: "field-pair", hidden: true }, field("De", from).node, field("Até", to).node);
  const listeners = new Set();
  const self = {
    node: el(
      "form",
      { class: "panel filters", role: "search", "aria-label": "Filtros do extrato", onsubmit: (/** @type {Event} */ e) => e.preventDefault() },
      field("Conta", account).node,
      field("Período", period).node,
      field("Tipo", kind).node,
      field("Buscar", text).node,
      dates,
    ),
    /** @returns {Filter} */
    get filter() {
      const free = period.value === "livre";
      const days = Number(period.value) || 0;
      const since = days ? daysBefore(new Date(), days - 1) : "";
      return {
        account: Number(account.value) || Number(left.account) || chosen || null,
        from: free ? from.value : since,
        to: free ? to.value : "",
        kind: kind.value,
        text: text.value,
      };
    },
    /** @param {() => void} listen */
    onChange(listen) {
      listeners.add(listen);
      return () => listeners.delete(listen);
    },
    start() {
      if (self.filter.account) changed();
    },
  };
  const inputs = { period, from, to, kind, text };
  const left = here.kept("filtros") ?? {};
  Object.entries(inputs).forEach(([name, input]) => (input.value = left[name] ?? ""));
  dates.hidden = period.value !== "livre";
  const changed = () => {
    here.keep("filtros", { account: account.value, ...Object.fromEntries(Object.entries(inputs).map(([name, { value }]) => [name, value])) });
    dates.hidden = period.value !== "livre";
    apply(self.filter);
    listeners.forEach((listen) => listen());
  };
  listAccounts(bank, { select: account, chosen: Number(left.account) || chosen, scope, first: changed });
  [account, period, from, to, kind].forEach((input) => input.addEventListener("change", changed));
  text.addEventListener("input", debounced(changed));
  // "7 dias" are other ones then.
  scope.eachDay(() => Number(period.value) > 0 && changed());
  return self;
}

/**
 * @param {App["bank"]} bank
 * @param {{ select: HTMLSelectElement, chosen: number, scope: Scope, first: () => void }} options
 */
function listAccounts(bank, { select, chosen, scope, first }) {
  const update = () => {
    const known = Number(select.value);
    bank.accounts.list.forEach(({ id, name }, index) => {
      const option = select.options[index] ?? select.appendChild(el("option"));
      option.value = String(id);
      setText(option, `${name} · ${id}`);
      option.selected = id === (known || chosen);
    });
    if (!known && !chosen && select.value) first();
  };
  update();
  scope.add(bank.on("change", update));
}

/**
 * @param {string} id
 * @param {Record<string, string>} options value to words; an empty value comes first
 */
function choice(id, options) {
  const entries = Object.entries(options).sort(([a], [b]) => Number(a !== "") - Number(b !== ""));
  return el("select", { id, "data-testid": id }, ...entries.map(([value, words]) => el("option", { value }, words)));
}

/** @param {() => void} run */
function debounced(run) {
  /** @type {number | undefined} */
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, TYPED_MS);
  };
}
