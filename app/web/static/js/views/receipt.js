// @ts-check
import { el, fill, icon } from "../lib/dom.js";
import { download } from "../lib/files.js";
import { Scope } from "../lib/scope.js";
import { formatMoment } from "../models/dates.js";
import { formatBRL, toCents } from "../models/money.js";
import { kindName, receiptRow } from "../models/statement.js";
import { brand } from "./brand.js";
import { toast } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { Row } from "../types/wire.js" */

/**
 * @param {App} app
 * @param {string[]} params the operation's id and, where it is known, that of the row
 */
export function receiptView(app, [id = "", side = ""]) {
  const scope = new Scope();
  const node = el("div", { class: "receipt-page" });
  let known = knownRow(app, id, side);
  const show = () => {
    known ??= knownRow(app, id, side);
    fill(node, el("h1", { class: "sr-only" }, "Comprovante"), known ? paper(id, known) : missing(app), actions(app, id, known));
  };
  show();
  if (!app.bank.loadedAt) scope.add(app.bank.on("change", () => known || show()));
  if (!known && side) {
    fetchRow(app, id, side).then((row) => {
      if (!row || known || scope.disposed) return;
      known = row;
      show();
    });
  }
  return { node, title: "Comprovante", dispose: () => scope.dispose() };
}

/**
 * @param {App} app
 * @param {string} id
 * @param {string} side
 */
function knownRow({ bank, operations }, id, side) {
  const answer = operations.answerOf(id)?.movimentacao;
  return receiptRow([...(answer ? [answer] : []), ...bank.statement.rows], id, side);
}

/**
 * A row from before those that the page keeps.
 * @param {App} app
 * @param {string} id
 * @param {string} side
 */
async function fetchRow({ http }, id, side) {
  /** @type {Row[]} */
  const rows = await http.get(`/movimentacoes?limite=1&antes=${Number(side) + 1}`).catch(() => []);
  return receiptRow(rows, id, side);
}

/** @param {App} app */
function missing({ bank }) {
  const text = bank.loadedAt
    ? "Esta operação não está entre as movimentações recentes. O PDF continua disponível."
    : "Carregando…";
  return el("p", { class: "panel empty" }, text);
}

/**
 * @param {string} id
 * @param {Row} row
 * @returns {[string, string][]}
 */
function facts(id, row) {
  const other = row.NomeBeneficiario;
  /** @type {[string, string][]} */
  const lines = [
    ["Operação", kindName(row)],
    ["Descrição", row.Descricao === kindName(row) ? "" : row.Descricao],
    ["Conta", `${row.NomeCorrentista} · conta ${row.CorrentistaID}`],
    [row.TipoOperacao === "Débito" ? "Para" : "De", other ? `${other}${row.BeneficiarioID ? ` · conta ${row.BeneficiarioID}` : ""}` : ""],
    ["Data", formatMoment(row.DataOperacao)],
    ["Saldo depois", formatBRL(toCents(row.SaldoApos))],
    ["Identificação", id],
  ];
  return lines.filter(([, value]) => value !== "");
}

/**
 * @param {string} id
 * @param {Row} row
 */
function paper(id, row) {
  return el(
    "article",
    { class: "receipt", "data-testid": "comprovante" },
    el("header", { class: "receipt-head" }, brand(), el("span", { class: "receipt-ok" }, icon("badge-check"), "Operação concluída")),
    el("p", { class: "receipt-kind" }, row.TipoOperacao === "Débito" ? "Saiu" : "Entrou"),
    el("p", { class: "receipt-sum" }, formatBRL(toCents(row.ValorOperacao))),
    el("dl", { class: "facts" }, ...facts(id, row).map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value)))),
  );
}

/**
 * @param {App} app
 * @param {string} id
 * @param {Row | undefined} row
 */
function actions(app, id, row) {
  const action = (/** @type {string} */ name, /** @type {string} */ text, /** @type {() => unknown} */ run) =>
    el("button", { type: "button", class: "secondary outline", "data-testid": `comprovante-${name}`, onclick: run }, icon(ICONS[name]), text);
  return el(
    "div",
    { class: "receipt-actions" },
    action("pdf", "Baixar PDF", () => pdf(app, id)),
    row ? action("copiar", "Copiar", () => copy(asText(id, row))) : null,
    row && "share" in navigator ? action("compartilhar", "Compartilhar", () => share(asText(id, row))) : null,
    row ? action("imprimir", "Imprimir", () => window.print()) : null,
    el("a", { href: "#/", role: "button", "data-testid": "comprovante-inicio" }, "Voltar ao início"),
  );
}

/** @type {Record<string, string>} */
const ICONS = { pdf: "download", copiar: "copy", compartilhar: "share-2", imprimir: "printer" };

/**
 * @param {string} id
 * @param {Row} row
 */
function asText(id, row) {
  const lines = facts(id, row).map(([label, value]) => `${label}: ${value}`);
  return ["Saldo Vivo — comprovante", `Valor: ${formatBRL(toCents(row.ValorOperacao))}`, ...lines].join("\n");
}

/**
 * @param {App} app
 * @param {string} id
 */
async function pdf({ http }, id) {
  await download(http, `/comprovante/${id}.pdf`, `comprovante-${id}.pdf`).catch((error) =>
    toast({ title: "O PDF não pôde ser baixado", text: error.message, kind: "erro" }),
  );
}

/** @param {string} text */
async function copy(text) {
  const done = await copyText(text);
  toast(done ? { title: "Comprovante copiado", kind: "ok" } : { title: "O navegador não deixou copiar", kind: "erro" });
}

/** @param {string} text */
async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false);
  const area = el("textarea", { class: "sr-only" });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/** @param {string} text */
function share(text) {
  return navigator.share({ title: "Comprovante Saldo Vivo", text }).catch(() => undefined);
}
