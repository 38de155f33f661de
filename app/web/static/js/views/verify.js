// @ts-check
import { el, fill, icon } from "../lib/dom.js";
import { navigate } from "../lib/router.js";
import { formatMoment } from "../models/dates.js";
import { formatBRL, toCents } from "../models/money.js";
import { isOperation, OPERATIONS } from "../models/operation.js";
import { field, showProblems } from "./field.js";
/** @import { App } from "../app.js" */
/** @import { Verified } from "../types/wire.js" */

/**
 * Tells anybody, logged in or not, whether a receipt is true.
 * @param {App} app
 * @param {string[]} params the code, if it is known already
 */
export function verifyView(app, [code = ""]) {
  const input = el("input", { id: "codigo", name: "codigo", autocomplete: "off", spellcheck: "false", autocapitalize: "characters", "data-testid": "verificar-codigo" });
  input.value = code;
  const fields = { codigo: field("Código de verificação", input, { hint: "Está no comprovante em PDF." }) };
  const result = el("div", { role: "status", "data-testid": "verificar-resultado" });
  const ask = async () => {
    const path = `/verificar/${encodeURIComponent(input.value.trim())}`;
    const answer = await app.http.get(path).catch((/** @type {Error} */ error) => showProblems(fields, { codigo: error.message }));
    fill(result, answer?.valido ? confirmed(answer) : null);
  };
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (input.value.trim() === "") showProblems(fields, { codigo: "Digite o código." });
    else if (input.value.trim() === code) ask();
    else navigate(`verificar/${encodeURIComponent(input.value.trim())}`);
  };
  if (code) ask();
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
  );
}
