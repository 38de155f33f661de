// @ts-check
import { el, fill, icon } from "../lib/dom.js";
import { navigate } from "../lib/router.js";
import { formatMoment } from "../models/dates.js";
import { formatBRL, toCents } from "../models/money.js";
import { isOperation, OPERATIONS } from "../models/operation.js";
import { field, showProblems } from "./field.js";
/** @import { App } from "../app.js" */
/** @import { ApiError } from "../lib/http.js" */
/** @import { Verified } from "../types/wire.js" */

/**
 * Tells anybody, logged in or not, whether a receipt is true.
 * @param {App} app
 * @param {string[]} params the code, if it is known already
 */
export function verifyView(app, [code = ""]) {
  const input = el("input", { id: "codigo", name: "codigo", autocomplete: "off", spellcheck: "false", autocapitalize: "characters", "data-testid": "verificar-codigo" });
  input.value = code;
  const fields = { codigo: field("Código de verificação", input, { hint: "Está no comprovante, ao lado do código QR." }) };
  const result = el("div", { role: "status", "data-testid": "verificar-resultado" });
  const told = (/** @type {Error} */ { message }) => showProblems(fields, { codigo: message });
  const ask = async () => {
    const path = `/verificar/${encodeURIComponent(input.value.trim())}`;
    fill(result);
    /** @type {Verified | null} */
    const answer = await app.http.get(path).catch((/** @type {ApiError} */ error) => {
      // Only the bank's word that it has no such code is a verdict; a line that failed is none.
      if (error.status !== 404) throw error;
      return null;
    });
    fill(result, answer?.valido ? confirmed(answer) : refuted(input.value.trim()));
  };
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (input.value.trim() === "") showProblems(fields, { codigo: "Digite o código." });
    else if (input.value.trim() === code) ask().catch(told);
    else navigate(`verificar/${encodeURIComponent(input.value.trim())}`);
  };
  if (code) ask().catch(told);
  const node = el(
    "div",
    { class: "verify" },
    el("h1", {}, "Verificar comprovante"),
    el("form", { class: "panel", novalidate: true, onsubmit: submit }, fields.codigo.node, el("button", { type: "submit", "data-testid": "verificar-enviar" }, "Verificar")),
    result,
  );
  return { node, title: "Verificar comprovante", dispose: () => undefined };
}

/** @param {Verified} answer */
function confirmed({ codigo, tipo, valor, data, origem, destino }) {
  /** @type {[string, string | null][]} */
  const lines = [
    ["Operação", isOperation(tipo) ? OPERATIONS[tipo].title : tipo],
    ["De", origem],
    ["Para", destino],
    ["Data", formatMoment(data)],
    ["Código", codigo],
  ];
  const facts = lines.filter(([, value]) => value).map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value)));
  return el(
    "section",
    { class: "panel verified" },
    el("p", { class: "receipt-ok" }, icon("badge-check"), "Este comprovante é verdadeiro"),
    el("p", { class: "receipt-sum" }, formatBRL(toCents(valor))),
    el("dl", { class: "facts" }, ...facts),
    el("p", { class: "soft" }, "Compare com o comprovante que você recebeu. Se o valor, a data ou os nomes forem outros, ele foi adulterado."),
  );
}

/** @param {string} code */
function refuted(code) {
  return el(
    "section",
    { class: "panel verified", "data-testid": "verificar-falso" },
    el("p", { class: "receipt-false" }, icon("circle-alert"), "Este comprovante não é verdadeiro"),
    el("p", {}, `O Saldo Vivo não emitiu nenhum comprovante com o código ${code}.`),
    el("p", { class: "soft" }, "Confira se o código foi digitado por inteiro. Se foi, não confie neste comprovante: veja no seu extrato se o dinheiro chegou."),
  );
}
