// @ts-check
import { el, fill, icon, setText } from "../lib/dom.js";
import { download } from "../lib/files.js";
import { Scope } from "../lib/scope.js";
import { filterQuery, StatementPages } from "../lib/statement_pages.js";
import { age } from "../models/dates.js";
import { formatBRL } from "../models/money.js";
import { absent } from "./absent.js";
import { amount, setAmount } from "./amount.js";
import { freshAt } from "./connection.js";
import { dayList } from "./rows.js";
import { statementFilters } from "./statement_filters.js";
import { toast } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { Filter } from "../models/statement_filter.js" */

/**
 * @param {App} app
 * @param {string[]} params the account's id, or none
 */
export function statementView(app, [account]) {
  const scope = new Scope();
  const pages = new StatementPages(app.http);
  const filters = statementFilters(app, Number(account) || 0, scope, (filter) => pages.show(filter));
  const head = statementHead(app, () => filters.filter);
  const list = rowList(app, pages, scope);
  const update = () => head.update(filters.filter.account ?? 0);
  scope.add(app.bank.on("change", update), app.bank.on("rows", (rows) => pages.receive(rows)));
  scope.add(app.bank.on("load", ({ statement }) => void (pages.agrees(statement.rows) || pages.show(filters.filter))));
  scope.add(filters.onChange(update));
  scope.add(app.connection.on("change", ({ state }) => state === "conectado" && pages.failed && pages.again()));
  scope.add(pages.on("change", () => pages.remember(app.bank.statement.rows)));
  filters.start();
  update();
  const node = el("div", { class: "statement" }, el("h1", {}, "Extrato"), head.node, filters.node, list);
  const check = () => {
    const { accounts, loadedAt } = app.bank;
    if (!loadedAt || !account || accounts.has(Number(account))) return;
    fill(node, el("h1", {}, "Extrato"), absent("Esta conta não é sua", `A conta ${account} não está entre as suas, por isso o extrato dela não aparece aqui.`), el("a", { href: "#/extrato", role: "button" }, "Ver as suas contas"));
  };
  scope.add(app.bank.on("load", check));
  check();
  return { node, title: "Extrato", dispose: () => scope.dispose() };
}

/**
 * @param {App} app
 * @param {() => Filter} filter
 */
function statementHead(app, filter) {
  const balance = amount(null, { "data-testid": "extrato-saldo" });
  const name = el("span", { class: "statement-account" });
  const file = (/** @type {string} */ kind) => el(
    "button",
    { type: "button", class: "secondary outline", "data-testid": `extrato-${kind}`, onclick: () => save(app, filter(), kind) },
    icon("download"),
    kind.toUpperCase(),
  );
  const node = el(
    "section",
    { class: "panel statement-head", "aria-label": "Conta" },
    el("p", {}, name, el("b", { class: "statement-balance" }, balance)),
    el("div", { class: "statement-files" }, file("csv"), file("ofx")),
  );
  const update = (/** @type {number} */ id) => {
    const account = app.bank.accounts.find(id);
    if (!account) return;
    setText(name, `${account.name} · conta ${id}`);
    setAmount(balance, account.cents);
    balance.setAttribute("aria-label", `Saldo ${formatBRL(account.cents)}`);
  };
  return { node, update };
}

/**
 * @param {App} app
 * @param {Filter} filter
 * @param {string} kind "csv" or "ofx"
 */
async function save({ http }, filter, kind) {
  const path = `/extrato/${filter.account}.${kind}?${filterQuery(filter)}`;
  await download(http, path, `extrato-${filter.account}.${kind}`).catch((error) =>
    toast({ title: "O arquivo não pôde ser baixado", text: error.message, kind: "erro" }),
  );
}

/**
 * @param {App} app
 * @param {StatementPages} pages
 * @param {Scope} scope
 */
function rowList(app, pages, scope) {
  const days = dayList();
  const foot = el("p", { class: "statement-foot", role: "status" });
  const again = el("button", { type: "button", class: "secondary outline", hidden: true, onclick: () => pages.again() }, "Tentar de novo");
  const end = el("div", { class: "statement-end" });
  const watch = new IntersectionObserver(([entry]) => entry.isIntersecting && !pages.failed && pages.more(), { rootMargin: "600px" });
  watch.observe(end);
  scope.add(() => watch.disconnect());
  scope.eachDay(() => days.update(pages.statement.rows, pages.totals, new Set()));
  scope.add(
    pages.on("change", (fresh) => {
      days.update(pages.statement.rows, pages.totals, fresh);
      setText(foot, pages.remembered ? `${pages.failed} Estas são as movimentações de ${age(freshAt(app))} que a página já tinha.` : footText(pages));
      again.hidden = pages.failed === "";
      watch.unobserve(end);
      if (!pages.loading) watch.observe(end);
    }),
  );
  return el("section", { class: "panel", "aria-label": "Movimentações" }, days.node, foot, again, end);
}

/** @param {StatementPages} pages */
function footText({ failed, loading, complete, statement }) {
  if (failed) return failed;
  if (loading) return "Carregando…";
  if (statement.rows.length === 0 && !complete) return "Procurando…";
  if (statement.rows.length === 0) return "Nenhuma movimentação com estes filtros.";
  return complete ? "Você chegou ao começo." : "";
}
