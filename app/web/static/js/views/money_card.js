// @ts-check
import { makeChatActions } from "../lib/chat_actions.js";
import { el, icon } from "../lib/dom.js";
import { navigateTo, newPlace } from "../lib/router.js";
import { formatAmount, formatBRL, formatSigned, toCents } from "../models/money.js";
import { toast } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { Message } from "../types/wire.js" */

const STATES = { aberta: "Em aberto", paga: "Paga", recusada: "Recusada", cancelada: "Cancelada" };

/**
 * Money in a conversation: a transfer that was made, or one that was asked for.
 * @param {App} app
 * @param {Message} message
 */
export function moneyCard(app, message) {
  const { de, texto, operacao_id: operation } = message;
  const mine = de === app.chat.me;
  const parts = message.tipo === "transferencia" ? transferParts(message, mine) : requestParts(app, message, mine);
  return el(
    "div",
    { class: "money-card", "data-testid": `cartao-${message.tipo}`, "data-situacao": message.situacao },
    parts.head,
    texto && texto !== "Transferência" ? el("p", { class: "money-words", dir: "auto" }, texto) : null,
    parts.state,
    operation ? el("a", { href: `#/comprovante/${operation}`, "data-testid": "cartao-comprovante" }, "Ver comprovante") : null,
    parts.actions,
  );
}

/**
 * @param {string} picture
 * @param {string} way
 * @param {string} title
 * @param {HTMLElement} sum
 */
const head = (picture, way, title, sum) =>
  el("p", { class: "money-head" }, el("span", { class: "row-icon", "data-way": way }, icon(picture)), el("span", { class: "money-title" }, title, sum));

/**
 * @param {Message} message
 * @param {boolean} mine
 */
function transferParts({ valor }, mine) {
  const cents = toCents(valor ?? 0);
  const sum = el("b", { class: mine ? "out" : "in" }, formatSigned(mine ? -cents : cents));
  return { head: head(mine ? "arrow-up-right" : "arrow-down-left", mine ? "out" : "in", mine ? "Você enviou" : "Você recebeu", sum), state: null, actions: null };
}

/**
 * @param {App} app
 * @param {Message} message
 * @param {boolean} mine
 */
function requestParts(app, message, mine) {
  const status = message.situacao ?? "aberta";
  const sum = el("b", {}, formatBRL(toCents(message.valor ?? 0)));
  const open = status === "aberta";
  return {
    head: head("hand-coins", "asked", mine ? "Você cobrou" : "Cobrança para você", sum),
    state: el("p", { class: "money-state", "data-testid": "cobranca-situacao" }, STATES[status]),
    actions: open ? el("div", { class: "money-actions" }, ...(mine ? [settleButton(app, message, "cancelar", "Cancelar cobrança")] : [settleButton(app, message, "recusar", "Recusar"), payButton(app, message)])) : null,
  };
}

/**
 * To the transfer's form, filled in: what is paid is confirmed there as ever.
 * @param {App} app
 * @param {Message} message
 */
function payButton(app, { mensagem_id, valor, correntista_id, texto }) {
  const pay = () => {
    const page = app.places.at(newPlace());
    const fields = { valor: formatAmount(toCents(valor ?? 0)), conta: "", destino: String(correntista_id), descricao: texto, cobranca: mensagem_id };
    page.keep("campos", fields);
    navigateTo("operar/transferencia", page.id);
  };
  return el("button", { type: "button", onclick: pay, "data-testid": "cobranca-pagar" }, "Pagar");
}

/**
 * @param {App} app
 * @param {Message} message
 * @param {"recusar" | "cancelar"} how
 * @param {string} words
 */
function settleButton(app, { mensagem_id }, how, words) {
  const button = el("button", { type: "button", class: "secondary outline", "data-testid": `cobranca-${how}` }, words);
  button.addEventListener("click", async () => {
    button.setAttribute("aria-busy", "true");
    await app.part(makeChatActions).settle(mensagem_id, how).catch((error) => toast({ title: "Não deu certo", text: error.message, kind: "erro" }));
    button.removeAttribute("aria-busy");
  });
  return button;
}
