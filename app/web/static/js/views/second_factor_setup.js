// @ts-check
import { copyText } from "../lib/clipboard.js";
import { el, icon } from "../lib/dom.js";
import { inGroups } from "../models/code.js";
import { NO_PASSWORD, onlyWrong } from "../models/credentials.js";
import { codesText } from "../models/security.js";
import { codeField, NO_CODE } from "./code_field.js";
import { passwordField } from "./credential_fields.js";
import { userName } from "./password_change.js";
import { plainForm } from "./plain_form.js";
import { toast } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { SecondFactorSecret } from "../types/wire.js" */
/** @import { Ways } from "./second_factor.js" */

/**
 * The password, then a secret for the person's app and a code of it, then the recovery codes.
 * @param {App} app
 * @param {Ways} ways
 */
export function setUp(app, ways) {
  const password = passwordField({ id: "ativar-senha", testid: "ativar-senha" });
  const step = plainForm(
    {
      testid: "ativar",
      label: "Ativar o segundo fator",
      fields: { senha: password },
      verb: "Continuar",
      problems: () => onlyWrong({ senha: password.input.value ? "" : NO_PASSWORD }),
      send: async () => ways.showStep(confirmStep(app, await app.http.post("/segundo-fator", { senha: password.input.value }), ways)),
      cancel: () => ways.showState(""),
    },
    el("p", { class: "soft" }, "Primeiro, confirme que é você."),
    userName(app.session.user?.email ?? ""),
  );
  ways.showStep(step);
}

/**
 * @param {App} app
 * @param {SecondFactorSecret} secret
 * @param {Ways} ways
 */
function confirmStep(app, secret, ways) {
  const code = codeField({ id: "ativar-codigo", testid: "ativar-codigo", label: "Código que o aplicativo mostra", hint: "Seis números, que mudam a cada 30 segundos." });
  return plainForm(
    {
      testid: "confirmar-ativacao",
      label: "Ativar o segundo fator",
      fields: { codigo: code },
      verb: "Ativar",
      problems: () => onlyWrong({ codigo: code.code ? "" : NO_CODE }),
      send: async () => {
        const { codigos_de_recuperacao: codes } = await app.http.post("/segundo-fator/confirmar", { codigo: code.code });
        showCodes(app, codes, ways);
      },
      cancel: () => ways.showState(""),
    },
    el("p", {}, "No celular, abra um aplicativo de códigos e leia a imagem com ele."),
    secretView(secret),
  );
}

/** @param {SecondFactorSecret} secret */
function secretView({ segredo, uri, qr }) {
  return el(
    "div",
    { class: "security-secret" },
    el("img", { src: qr, alt: "Código QR para o aplicativo de códigos", width: 196, height: 196, "data-testid": "segundo-fator-qr" }),
    el(
      "div",
      {},
      el("p", { class: "soft" }, "Ou digite esta chave nele:"),
      el("code", { "data-testid": "segundo-fator-segredo" }, inGroups(segredo)),
      el("div", { class: "security-tools" }, copyButton("Copiar a chave", segredo), el("a", { href: uri }, "Abrir no aplicativo deste aparelho")),
    ),
  );
}

/**
 * They are nowhere else: who leaves this page has seen them for the last time.
 * @param {App} app
 * @param {string[]} codes
 * @param {Ways} ways
 */
function showCodes(app, codes, { showStep, showState }) {
  const { email = "" } = app.session.user ?? {};
  const heading = el("h3", { tabindex: "-1" }, "Guarde os códigos de recuperação");
  const print = el("button", { type: "button", class: "secondary outline", onclick: () => window.print(), "data-testid": "codigos-imprimir" }, icon("printer"), "Imprimir");
  const done = el("button", { type: "button", onclick: () => showState("Segundo fator ativado."), "data-testid": "codigos-guardei" }, "Já guardei");
  showStep(
    el(
      "div",
      { class: "security-codes" },
      heading,
      el("p", {}, "O segundo fator está ativo. Sem o celular, um destes códigos vale no lugar do aplicativo, cada um uma vez. Eles não aparecem de novo."),
      el("p", { class: "soft" }, `Saldo Vivo · ${email}`),
      el("ol", { role: "list", "data-testid": "codigos" }, ...codes.map((each) => el("li", {}, el("code", {}, each)))),
      el("div", { class: "actions" }, copyButton("Copiar", codesText(codes, email)), print, done),
    ),
  );
  heading.focus();
}

/**
 * @param {string} words
 * @param {string} text
 */
function copyButton(words, text) {
  const copy = async () => toast((await copyText(text)) ? { title: "Copiado", kind: "ok" } : { title: "O navegador não deixou copiar", kind: "erro" });
  return el("button", { type: "button", class: "secondary outline", onclick: copy, "data-testid": "copiar" }, icon("copy"), words);
}
