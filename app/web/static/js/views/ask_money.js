// @ts-check
import { newKey } from "../app.js";
import { makeChatActions } from "../lib/chat_actions.js";
import { el, icon } from "../lib/dom.js";
import { navigateTo, newPlace } from "../lib/router.js";
import { DESCRIPTION_MAX } from "../models/operation.js";
import { toDecimal } from "../models/money.js";
import { amountField } from "./amount_field.js";
import { field, showProblems } from "./field.js";
import { openDialog } from "./message_dialogs.js";
import { toast } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */

/**
 * Money to the other, and from the other.
 * @param {App} app
 * @param {number} other
 * @param {Scope} scope
 */
export function moneyButtons(app, other, scope) {
  const button = (/** @type {string} */ name, /** @type {string} */ picture, /** @type {string} */ words, /** @type {() => void} */ run) =>
    el("button", { type: "button", class: name === "transferir" ? "ghost talk-transfer" : "ghost", title: words, onclick: run, "data-testid": `conversa-${name}` }, icon(picture), el("span", {}, words));
  const transfer = async () => {
    try {
      const account = await app.part(makeChatActions).accountOf(other);
      const page = app.places.at(newPlace());
      page.keep("campos", { valor: "", conta: "", destino: String(account), descricao: "" });
      navigateTo("operar/transferencia", page.id);
    } catch (error) {
      toast({ title: "Não deu certo", text: /** @type {Error} */ (error).message, kind: "erro" });
    }
  };
  return el("div", { class: "talk-money" }, button("transferir", "arrow-left-right", "Transferir", transfer), button("cobrar", "hand-coins", "Cobrar", () => askMoney(app, other, scope)));
}

/**
 * Asks the other for money, to be paid into an own account.
 * @param {App} app
 * @param {number} other
 * @param {Scope} scope
 */
function askMoney(app, other, scope) {
  const amount = amountField();
  const options = app.bank.accounts.list.map(({ id, name }) => el("option", { value: id }, `${name} · conta ${id}`));
  const account = el("select", { id: "cobranca-conta", name: "conta", "data-testid": "cobrar-conta" }, ...options);
  const words = el("input", { id: "cobranca-descricao", name: "descricao", autocomplete: "off", maxlength: DESCRIPTION_MAX, "data-testid": "cobrar-descricao" });
  const fields = { valor: amount, conta: field("Receber na conta", account), descricao: field("Mensagem (opcional)", words, { hint: "Por exemplo: almoço de domingo." }) };
  const submit = el("button", { type: "submit", "data-testid": "cobrar-enviar" }, "Cobrar");
  const close = el("button", { type: "button", class: "secondary outline", onclick: () => dialog.close() }, "Cancelar");
  // The same however often it is sent, so that one request is made.
  const id_cliente = newKey();
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const problem = amount.problem || (amount.cents === 0 ? "Digite um valor." : "");
    if (showProblems(fields, problem ? { valor: problem } : {})) return;
    submit.disabled = true;
    try {
      await app.part(makeChatActions).ask({ usuario_id: other, correntista_id: Number(account.value), valor: toDecimal(amount.cents), descricao: words.value.trim(), id_cliente });
      dialog.close();
    } catch (error) {
      submit.disabled = false;
      showProblems(fields, { valor: /** @type {Error} */ (error).message });
    }
  };
  const form = el("form", { novalidate: true, onsubmit: send }, ...Object.values(fields).map(({ node }) => node), el("div", { class: "actions" }, close, submit));
  const dialog = openDialog(`Cobrar de ${app.chat.model.of(other).name || "seu contato"}`, scope, form);
  amount.input.focus();
}
