// @ts-check
import { el, fill, icon, setText } from "../lib/dom.js";
import { NO_PASSWORD, onlyWrong } from "../models/credentials.js";
import { formatAmount, formatBRL, toCents, toDecimal } from "../models/money.js";
import { codesLeft, sinceWords } from "../models/security.js";
import { amountField } from "./amount_field.js";
import { codeField, NO_CODE } from "./code_field.js";
import { passwordField } from "./credential_fields.js";
import { focusFirst } from "./field.js";
import { userName } from "./password_change.js";
import { plainForm } from "./plain_form.js";
import { setUp } from "./second_factor_setup.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @import { SecondFactor } from "../types/wire.js" */

const PATH = "/segundo-fator";

/**
 * One thing at a time: how it is, or one of the ways to change it.
 * @typedef {object} Ways
 * @property {(said?: string) => Promise<void>} showState
 * @property {(step: HTMLElement) => void} showStep
 */

/**
 * @param {App} app
 * @param {Scope} scope
 */
export function secondFactorPart(app, scope) {
  const heading = el("h2", { id: "segundo-fator-titulo", tabindex: "-1" }, "Segundo fator");
  const status = el("p", { class: "soft security-said", role: "status", "data-testid": "segundo-fator-estado" });
  const body = el("div", {});
  /** @type {Ways} */
  const ways = {
    showStep: (step) => {
      setText(status, "");
      fill(body, step);
      focusFirst(step);
    },
    showState: async (said) => {
      const state = await app.http.get(PATH).catch((/** @type {Error} */ error) => error);
      if (scope.disposed) return;
      fill(body, state instanceof Error ? failed(state, ways) : state.ativo ? active(app, state, ways) : inactive(app, ways));
      if (said === undefined) return;
      setText(status, said);
      heading.focus();
    },
  };
  ways.showState();
  return el("section", { class: "panel", "aria-labelledby": "segundo-fator-titulo" }, heading, status, body);
}

/**
 * @param {Error} error
 * @param {Ways} ways
 */
function failed({ message }, { showState }) {
  const again = el("button", { type: "button", class: "secondary outline", onclick: () => showState("") }, "Tentar de novo");
  return el("div", {}, el("p", { class: "form-notice" }, icon("triangle-alert"), message), again);
}

/**
 * @param {App} app
 * @param {Ways} ways
 */
function inactive(app, ways) {
  const begin = el("button", { type: "button", "data-testid": "segundo-fator-ativar", onclick: () => setUp(app, ways) }, "Ativar");
  return el(
    "div",
    {},
    el("p", { class: "soft" }, "Além da senha, um código do seu celular: para entrar em um aparelho novo e para enviar valores altos. Quem descobrir a sua senha não entra só com ela."),
    begin,
  );
}

/**
 * @param {App} app
 * @param {SecondFactor} state
 * @param {Ways} ways
 */
function active(app, state, ways) {
  const { words, advice } = codesLeft(state);
  const fact = (/** @type {string} */ label, /** @type {string} */ value, /** @type {string} */ testid) => el("div", {}, el("dt", {}, label), el("dd", { "data-testid": testid }, value));
  const button = (/** @type {string} */ words_, /** @type {string} */ testid, /** @type {() => void} */ run) =>
    el("button", { type: "button", class: "secondary outline", "data-testid": testid, onclick: run }, words_);
  return el(
    "div",
    {},
    el("p", { class: "security-on" }, icon("shield-check"), state.desde ? `Ativo desde ${sinceWords(state.desde)}` : "Ativo"),
    el(
      "dl",
      { class: "facts" },
      fact("Pedir um código a partir de", formatBRL(toCents(state.limite)), "segundo-fator-limite"),
      fact("Códigos de recuperação", words, "segundo-fator-restantes"),
    ),
    advice ? el("p", { class: "form-notice" }, icon("triangle-alert"), advice) : null,
    el(
      "div",
      { class: "actions" },
      button("Mudar o valor", "segundo-fator-mudar", () => ways.showStep(limitForm(app, state, ways))),
      button("Desativar", "segundo-fator-desativar", () => ways.showStep(offForm(app, ways))),
    ),
  );
}

/**
 * @param {App} app
 * @param {SecondFactor} state
 * @param {Ways} ways
 */
function limitForm({ http }, { limite }, { showState }) {
  const amount = amountField("Pedir um código a partir de");
  amount.restore(formatAmount(toCents(limite)));
  const code = codeField({ id: "limite-codigo", testid: "limite-codigo" });
  return plainForm(
    {
      testid: "mudar-limite",
      label: "Mudar o valor",
      fields: { limite: amount, codigo: code },
      verb: "Salvar",
      problems: () => onlyWrong({ limite: amount.problem || (amount.cents > 0 ? "" : "Digite um valor."), codigo: code.code ? "" : NO_CODE }),
      send: async () => {
        await http.put(PATH, { limite: toDecimal(amount.cents), codigo: code.code });
        await showState("Valor mudado.");
      },
      cancel: () => showState(""),
    },
    el("p", { class: "soft" }, "Vale para transferências e pagamentos, também agendados. Cada um conta sozinho."),
  );
}

/**
 * @param {App} app
 * @param {Ways} ways
 */
function offForm({ http, session }, { showState }) {
  const password = passwordField({ id: "desativar-senha", testid: "desativar-senha" });
  const code = codeField({ id: "desativar-codigo", testid: "desativar-codigo" });
  return plainForm(
    {
      testid: "desativar",
      label: "Desativar o segundo fator",
      fields: { senha: password, codigo: code },
      verb: "Desativar",
      problems: () => onlyWrong({ senha: password.input.value ? "" : NO_PASSWORD, codigo: code.code ? "" : NO_CODE }),
      send: async () => {
        await http.delete(PATH, { senha: password.input.value, codigo: code.code });
        await showState("Segundo fator desativado.");
      },
      cancel: () => showState(""),
    },
    el("p", { class: "form-notice" }, icon("triangle-alert"), "Depois disso a senha basta para entrar e para enviar qualquer valor. Os códigos de recuperação deixam de valer."),
    userName(session.user?.email ?? ""),
  );
}
