// @ts-check
import { el, fill, icon, setText } from "../lib/dom.js";
import { Scope } from "../lib/scope.js";
import { dayKey, monthName } from "../models/dates.js";
import { formatBRL } from "../models/money.js";
import { OPERATIONS } from "../models/operation.js";
import { monthTotals } from "../models/overview.js";
import { amount, setAmount } from "./amount.js";
import { rowView } from "./rows.js";
import { balanceChart } from "./chart.js";
/** @import { App } from "../app.js" */
/** @import { Account } from "../models/accounts.js" */

const LAST_ROWS = 6;

/** @param {App} app */
export function homeView(app) {
  const scope = new Scope();
  const parts = [totalCard(app), accountCards(app), monthCards(app), balanceChart(app, scope), lastRows(app, scope)];
  const [total, cards, month, chart, last] = parts;
  const node = el(
    "div",
    { class: "home", "aria-busy": "true" },
    el("h1", { class: "sr-only" }, "Início"),
    total.node,
    el("nav", { class: "quick", "aria-label": "Operações" }, ...quickLinks()),
    last.node,
    el("section", { class: "home-accounts", "aria-labelledby": "contas-titulo" }, cards.head, cards.node),
    month.node,
    chart.node,
  );
  const update = () => {
    if (!app.bank.loadedAt) return;
    parts.forEach((part) => part.update());
    node.removeAttribute("aria-busy");
  };
  scope.add(app.bank.on("change", update));
  scope.eachDay(update);
  update();
  return { node, title: "Início", dispose: () => scope.dispose() };
}

function quickLinks() {
  return Object.entries(OPERATIONS).map(([kind, { verb, icon: name }]) =>
    el("a", { href: `#/operar/${kind}`, class: "quick-link", "data-testid": `op-${kind}` }, icon(name), el("span", {}, verb)),
  );
}

/** @param {App} app */
function totalCard({ bank, session }) {
  const sum = amount(null, { class: "total-sum", "data-testid": "saldo-total" });
  const said = el("span", { class: "sr-only", role: "status" });
  const name = session.user?.nome.split(" ")[0] ?? "";
  const node = el(
    "section",
    { class: "total", "aria-label": "Saldo total" },
    el("p", { class: "total-hello" }, `Olá, ${name}`),
    el("p", { class: "total-label" }, "Saldo total"),
    el("p", { class: "total-line" }, sum),
    said,
  );
  const update = () => {
    setAmount(sum, bank.accounts.totalCents);
    setText(said, `Saldo total: ${formatBRL(bank.accounts.totalCents)}`);
  };
  return { node, head: null, update };
}

/** @param {App} app */
function accountCards(app) {
  const list = el("ul", { class: "cards", role: "list" });
  /** @type {Map<number, { node: HTMLElement, sum: HTMLElement, name: HTMLElement }>} */
  const cards = new Map();
  const openAccount = async () => (await import("./new_account.js")).newAccount(app);
  const head = el(
    "header",
    { class: "section-head" },
    el("h2", { id: "contas-titulo" }, "Contas"),
    el("button", { type: "button", class: "link", onclick: openAccount, "data-testid": "conta-nova" }, icon("plus"), "Nova conta"),
  );
  const update = () => {
    const accounts = app.bank.accounts.list;
    accounts.forEach((account) => {
      const card = cards.get(account.id) ?? makeCard(account);
      cards.set(account.id, card);
      setText(card.name, account.name);
      setAmount(card.sum, account.cents);
    });
    const nodes = accounts.map(({ id }) => /** @type {Node} */ (cards.get(id)?.node));
    if (nodes.length !== list.childElementCount || nodes.some((node, i) => node !== list.children[i])) fill(list, ...nodes);
  };
  return { node: list, head, update };
}

/** @param {Account} account */
function makeCard({ id, name, cents }) {
  const sum = amount(cents, { class: "card-sum", "data-testid": `conta-${id}-saldo` });
  const label = el("span", { class: "card-name" }, name);
  const node = el(
    "li",
    {},
    el(
      "a",
      { class: "card", href: `#/extrato/${id}`, "data-testid": `conta-${id}` },
      el("span", { class: "card-top" }, label, el("span", { class: "card-number" }, `conta ${id}`)),
      el("span", { class: "card-line" }, sum),
    ),
  );
  return { node, sum, name: label };
}

/** @param {App} app */
function monthCards({ bank }) {
  const title = el("h2", { id: "mes-titulo" });
  const came = amount(null, { class: "in", "data-testid": "mes-entrou" });
  const went = amount(null, { class: "out", "data-testid": "mes-saiu" });
  const barIn = el("span", { class: "month-bar-in" });
  const barOut = el("span", { class: "month-bar-out" });
  const item = (/** @type {string} */ label, /** @type {string} */ name, /** @type {HTMLElement} */ sum) =>
    el("div", { class: "month-item" }, el("dt", {}, icon(name), label), el("dd", {}, sum));
  const node = el(
    "section",
    { class: "panel month", "aria-labelledby": "mes-titulo" },
    title,
    el("dl", {}, item("Entrou", "arrow-down-left", came), item("Saiu", "arrow-up-right", went)),
    el("div", { class: "month-bar", "aria-hidden": "true" }, barIn, barOut),
  );
  const update = () => {
    const now = new Date();
    if (!bank.summary) return;
    const { inCents, outCents } = monthTotals(bank.summary, bank.statement.rows, bank.accounts, now);
    setText(title, `Em ${monthName(now)}`);
    setAmount(came, inCents);
    setAmount(went, outCents);
    barIn.style.flexGrow = String(inCents);
    barOut.style.flexGrow = String(outCents);
  };
  return { node, head: null, update };
}

/**
 * @param {App} app
 * @param {Scope} scope
 */
function lastRows({ bank }, scope) {
  const list = el("ul", { class: "rows", role: "list" });
  /** @type {Set<number>} */
  const fresh = new Set();
  scope.add(bank.on("rows", (rows) => rows.forEach((row) => fresh.add(row.MovimentacaoID))));
  const node = el(
    "section",
    { class: "panel last", "aria-labelledby": "ultimas-titulo" },
    el("header", { class: "section-head" }, el("h2", { id: "ultimas-titulo" }, "Últimas movimentações"), el("a", { href: "#/extrato" }, "Ver extrato")),
    list,
  );
  const update = () => {
    const rows = bank.statement.rows.slice(0, LAST_ROWS);
    const shown = [dayKey(new Date()), ...rows.map((row) => row.MovimentacaoID)].join();
    if (shown === list.dataset.shown) return;
    list.dataset.shown = shown;
    const empty = el("li", { class: "empty" }, "Nada por aqui ainda. O primeiro depósito aparece neste lugar.");
    fill(list, ...(rows.length ? rows.map((row) => rowView(row, { withAccount: true, withDay: true, fresh })) : [empty]));
    fresh.clear();
  };
  return { node, head: null, update };
}
