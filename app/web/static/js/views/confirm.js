// @ts-check
import { el, fill, icon, setText } from "../lib/dom.js";
import { formatBRL } from "../models/money.js";
import { balanceAfter, OPERATIONS } from "../models/operation.js";
import { isSettled } from "../models/pending.js";
import { whenCheck } from "./when_check.js";
/** @import { App } from "../app.js" */
/** @import { ApiError } from "../lib/http.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @import { Draft } from "../models/operation.js" */
/** @import { Holder } from "../types/wire.js" */

/**
 * @typedef {object} Steps
 * @property {Promise<Holder> | null} holder whom a transfer would reach; null for nobody else
 * @property {(problems?: Record<string, string>) => void} back
 * @property {() => Promise<void>} confirm
 * @property {Scope} scope
 */

/**
 * What is about to happen, once more, in words; nothing moves before the button here.
 * @param {App} app
 * @param {Draft} draft
 * @param {Steps} steps
 */
export function confirmStep(app, draft, { holder, back, confirm, scope }) {
  const verb = draft.when ? "Agendar" : OPERATIONS[draft.kind].verb;
  const notice = el("p", { class: "form-notice", role: "alert", "data-testid": "op-aviso" });
  const holderName = el("dd", { "data-testid": "op-titular" }, "Consultando…");
  const first = el("p", { class: "form-notice", role: "status", "data-testid": "op-primeira-vez" });
  const button = el("button", { type: "button", "data-testid": "op-confirmar" }, `${verb} ${formatBRL(draft.cents)}`);
  const correct = el("button", { type: "button", class: "secondary outline", "data-testid": "op-corrigir", onclick: () => back() }, "Corrigir");
  if (holder) awaitHolder(holder, { holderName, first, button, back });
  button.addEventListener("click", async () => {
    busy(button, correct, true);
    try {
      // Once the answer is known its key is used up: this button must never send again.
      await confirm();
    } catch (error) {
      busy(button, correct, false);
      button.focus();
      explain(/** @type {ApiError} */ (error), notice, back);
    }
  });
  return el(
    "div",
    { class: "confirm", "data-testid": "op-confirmacao" },
    el("h2", { "data-focus": true }, "Confira antes de confirmar"),
    el("p", { class: "confirm-sum" }, formatBRL(draft.cents)),
    el("dl", { class: "facts" }, ...facts(app, draft, { scope, holderName: holder ? holderName : null })),
    first,
    draft.when ? whenCheck(app, { ...draft, when: draft.when }, scope) : null,
    notice,
    el("div", { class: "actions" }, correct, button),
  );
}

/**
 * The balance is the account's of this moment: money may come or go while somebody thinks it over.
 * @param {App} app
 * @param {Draft} draft
 * @param {{ scope: Scope, holderName: HTMLElement | null }} options
 */
function facts({ bank }, draft, { scope, holderName }) {
  const { kind, account, target, description } = draft;
  const name = el("dd");
  const after = el("dd", { "data-testid": "op-saldo-depois" });
  const fact = (/** @type {string} */ label, /** @type {string | HTMLElement} */ value) =>
    el("div", {}, el("dt", {}, label), typeof value === "string" ? el("dd", {}, value) : value);
  const update = () => {
    const cents = balanceAfter(draft, bank.accounts);
    setText(name, `${bank.accounts.find(account)?.name ?? ""} · conta ${account}`);
    setText(after, cents === null ? "…" : formatBRL(cents));
    after.classList.toggle("out", (cents ?? 0) < 0);
  };
  scope.add(bank.on("change", update));
  update();
  return [
    fact(kind === "deposito" ? "Na conta" : "Da conta", name),
    target !== null && kind === "transferencia" ? fact("Para a conta", targetWords(bank.accounts, target)) : null,
    holderName ? fact("Titular", holderName) : null,
    description.trim() ? fact(kind === "pagamento" ? "Pagamento" : "Mensagem", description.trim()) : null,
    draft.when ? null : fact("Saldo depois", after),
  ];
}

/**
 * Own accounts have names.
 * @param {App["bank"]["accounts"]} accounts
 * @param {number} target
 */
function targetWords(accounts, target) {
  const own = accounts.find(target);
  return own ? `${own.name} · conta ${target}` : String(target);
}

/**
 * @param {Promise<Holder>} holder
 * @param {{ holderName: HTMLElement, first: HTMLElement, button: HTMLButtonElement, back: Steps["back"] }} parts
 */
async function awaitHolder(holder, { holderName, first, button, back }) {
  button.disabled = true;
  try {
    const { Titular, contato, primeira_vez: isFirst } = await holder;
    setText(holderName, contato ? `${Titular} · seu contato` : Titular);
    if (isFirst) fill(first, icon("info"), "Primeira vez que você paga esta pessoa. Confira o nome antes de confirmar.");
    button.disabled = false;
  } catch (error) {
    back({ destino: /** @type {Error} */ (error).message });
  }
}

/**
 * What is on its way can be neither sent again nor corrected.
 * @param {HTMLButtonElement} button
 * @param {HTMLButtonElement} correct
 * @param {boolean} on
 */
function busy(button, correct, on) {
  button.disabled = correct.disabled = on;
  if (on) button.setAttribute("aria-busy", "true");
  else button.removeAttribute("aria-busy");
}

/**
 * @param {ApiError} error
 * @param {HTMLElement} notice
 * @param {Steps["back"]} back
 */
function explain(error, notice, back) {
  if (error.code === "saldo_insuficiente" || error.code === "limite_da_conta") return back({ valor: error.message });
  if (error.code === "conta_inexistente") return back({ destino: error.message });
  const doubt = isSettled(error.status, error.code)
    ? ""
    : " Não sabemos se a operação foi feita. Confirmar de novo não paga duas vezes.";
  return fill(notice, icon("triangle-alert"), error.message + doubt);
}
