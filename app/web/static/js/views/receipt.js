// @ts-check
import { copyText } from "../lib/clipboard.js";
import { el, fill, icon } from "../lib/dom.js";
import { download } from "../lib/files.js";
import { makeOperations } from "../lib/operations.js";
import { Scope } from "../lib/scope.js";
import { receiptOf, receiptOfRow, receiptText } from "../models/receipt.js";
import { receiptRow } from "../models/statement.js";
import { absent } from "./absent.js";
import { brand } from "./brand.js";
import { toast } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { ApiError } from "../lib/http.js" */
/** @import { Receipt } from "../models/receipt.js" */
/** @import { Proof } from "../types/wire.js" */

/** What the bank refuses is told as it is; for everything else there is another try. */
const NOT_SHOWN = new Map([
  [403, ["Este comprovante não é seu", "A operação é de outra pessoa. Quem a fez ou recebeu pode compartilhar o comprovante com você."]],
  [404, ["Este comprovante não existe", "Nenhuma operação do Saldo Vivo tem este número. Confira o endereço."]],
]);

/**
 * @param {App} app
 * @param {string[]} params the operation's id and, where it is known, that of the row
 */
export function receiptView(app, [id = "", side = ""]) {
  const scope = new Scope();
  const node = el("div", { class: "receipt-page" });
  /** @type {Proof | null} */
  let proof = null;
  /** @type {ApiError | null} */
  let error = null;
  const known = () => {
    if (proof) return receiptOf(proof, app.bank.accounts);
    const row = knownRow(app, id, side);
    return row ? receiptOfRow(row, app.session.user) : null;
  };
  const show = () => {
    const receipt = NOT_SHOWN.has(error?.status ?? 0) ? null : known();
    const content = receipt ? [paper(receipt, error !== null), actions(app, id, receipt)] : [missing(error), home()];
    fill(node, el("h1", { class: "sr-only" }, "Comprovante"), ...content);
  };
  const ask = async () => {
    error = null;
    const answer = await app.http.get(`/comprovante/${/^\d+$/.test(id) ? id : 0}`).catch((/** @type {ApiError} */ failure) => {
      error = failure;
    });
    if (scope.disposed) return;
    proof = answer ?? null;
    show();
  };
  show();
  ask();
  scope.add(app.bank.on("load", show));
  scope.add(app.connection.on("change", ({ state }) => state === "conectado" && error?.status === 0 && ask()));
  return { node, title: "Comprovante", dispose: () => scope.dispose() };
}

/**
 * @param {App} app
 * @param {string} id
 * @param {string} side
 */
function knownRow(app, id, side) {
  const answer = app.part(makeOperations).answerOf(id)?.movimentacao;
  return receiptRow([...(answer ? [answer] : []), ...app.bank.statement.rows], id, side);
}

/** @param {ApiError | null} error */
function missing(error) {
  if (!error) return el("p", { class: "panel empty", role: "status" }, "Carregando…");
  const [title, text] = NOT_SHOWN.get(error.status) ?? ["O comprovante não pôde ser carregado", error.message];
  return absent(title, text);
}

/**
 * @param {Receipt} receipt
 * @param {boolean} offline whether the bank could not be asked
 */
function paper({ way, sum, facts, code, address, qr }, offline) {
  const awaited = offline ? "O código de verificação aparece aqui quando houver conexão." : "Buscando o código de verificação…";
  const proof = el(
    "div",
    { class: "receipt-proof" },
    el("img", { class: "receipt-qr", src: qr, alt: "Código QR que abre a verificação deste comprovante", width: 132, height: 132 }),
    el("p", {}, el("span", {}, "Código de verificação"), el("b", { "data-testid": "comprovante-codigo" }, code), el("small", {}, `Confirme em ${address}`)),
  );
  return el(
    "article",
    { class: "receipt", "data-testid": "comprovante" },
    el("header", { class: "receipt-head" }, brand(), el("span", { class: "receipt-ok" }, icon("badge-check"), "Operação concluída")),
    el("p", { class: "receipt-kind" }, way),
    el("p", { class: "receipt-sum" }, sum),
    el("dl", { class: "facts" }, ...facts.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value)))),
    code ? proof : el("p", { class: "receipt-proof soft" }, awaited),
  );
}

/**
 * @param {App} app
 * @param {string} id
 * @param {Receipt} receipt
 */
function actions(app, id, receipt) {
  const action = (/** @type {string} */ name, /** @type {string} */ text, /** @type {() => unknown} */ run) =>
    el("button", { type: "button", class: "secondary outline", "data-testid": `comprovante-${name}`, onclick: run }, icon(ICONS[name]), text);
  return el(
    "div",
    { class: "receipt-actions" },
    action("pdf", "Baixar PDF", () => pdf(app, id)),
    action("copiar", "Copiar", () => copy(receiptText(receipt))),
    "share" in navigator ? action("compartilhar", "Compartilhar", () => share(receiptText(receipt))) : null,
    action("imprimir", "Imprimir", () => window.print()),
    home(),
  );
}

function home() {
  return el("a", { href: "#/", role: "button", class: "receipt-home", "data-testid": "comprovante-inicio" }, "Voltar ao início");
}

/** @type {Record<string, string>} */
const ICONS = { pdf: "download", copiar: "copy", compartilhar: "share-2", imprimir: "printer" };

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
function share(text) {
  return navigator.share({ title: "Comprovante Saldo Vivo", text }).catch(() => undefined);
}
