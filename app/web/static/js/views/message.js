// @ts-check
import { makeChatActions } from "../lib/chat_actions.js";
import { el, fill, icon } from "../lib/dom.js";
import { formatTime } from "../models/dates.js";
import { partsOf } from "../models/message_text.js";
import { messageOptions } from "./message_dialogs.js";
import { moneyCard } from "./money_card.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @import { Tick } from "../models/conversation.js" */
/** @import { Waiting } from "../models/outbox.js" */
/** @import { Message } from "../types/wire.js" */

/** @type {Record<Tick, { words: string, icon: string }>} */
const TICKS = {
  enviada: { words: "Enviada", icon: "check" },
  recebida: { words: "Entregue", icon: "check-check" },
  lida: { words: "Lida", icon: "check-check" },
};

/**
 * One message that the bank has.
 * @param {App} app
 * @param {number} other
 * @param {{ scope: Scope, edit: (message: Message) => void }} options
 */
export function messageView(app, other, options) {
  const node = el("li", { class: "message", tabindex: "-1", "data-testid": "mensagem" });
  let shown = "";
  const update = (/** @type {Message} */ message) => {
    const mine = message.de === app.chat.me;
    const tick = mine && !message.apagada ? app.chat.model.of(other).tickOf(message) : null;
    const now = JSON.stringify([message, tick]);
    if (now === shown) return;
    shown = now;
    node.dataset.id = String(message.mensagem_id);
    node.classList.toggle("is-own", mine);
    node.classList.toggle("is-card", message.tipo !== "texto" && !message.apagada);
    const focused = node.contains(document.activeElement) && document.activeElement !== node;
    fill(node, el("div", { class: "bubble" }, author(app, other, mine), content(app, message), foot(message, tick)), optionsButton(app, other, message, options));
    // The button that was pressed may be another one now.
    if (focused) node.focus({ preventScroll: true });
  };
  return { node, update };
}

/**
 * For who does not see on which side it stands.
 * @param {App} app
 * @param {number} other
 * @param {boolean} mine
 */
const author = ({ chat }, other, mine) => el("span", { class: "sr-only" }, mine ? "Você: " : `${chat.model.of(other).name}: `);

/**
 * @param {App} app
 * @param {Message} message
 */
function content(app, message) {
  if (message.apagada) return el("p", { class: "bubble-text is-gone" }, icon("trash-2"), "Mensagem apagada");
  return message.tipo === "texto" ? textNode(message.texto) : moneyCard(app, message);
}

/** @param {string} text */
function textNode(text) {
  const parts = partsOf(text).map(({ text: part, href }) =>
    href === null ? part : el("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, part),
  );
  return el("p", { class: "bubble-text", dir: "auto" }, ...parts);
}

/**
 * @param {Message} message
 * @param {Tick | null} tick
 */
function foot({ timestamp, editada, apagada, tipo }, tick) {
  const edited = editada && !apagada && tipo === "texto";
  return el("p", { class: "bubble-foot" }, edited ? "editada " : null, el("time", { datetime: timestamp }, formatTime(timestamp)), tick && tickNode(TICKS[tick].icon, TICKS[tick].words, tick));
}

/**
 * @param {string} picture
 * @param {string} words
 * @param {string} state
 */
const tickNode = (picture, words, state) =>
  el("span", { class: "tick", "data-tick": state, "data-testid": "tique", title: words }, icon(picture), el("span", { class: "sr-only" }, words));

/**
 * @param {App} app
 * @param {number} other
 * @param {Message} message
 * @param {{ scope: Scope, edit: (message: Message) => void }} options
 */
function optionsButton(app, other, message, options) {
  if (message.apagada) return null;
  const open = () => messageOptions(app, other, message, options);
  return el("button", { type: "button", class: "ghost message-more", "aria-haspopup": "dialog", onclick: open, "data-testid": "mensagem-opcoes" }, icon("ellipsis-vertical"), el("span", { class: "sr-only" }, `Opções da mensagem das ${formatTime(message.timestamp)}`));
}

/**
 * One that waits to be sent, or that the bank refused.
 * @param {App} app
 */
export function waitingView(app) {
  const actions = app.part(makeChatActions);
  const node = el("li", { class: "message is-own is-waiting", "data-testid": "mensagem" });
  let shown = "";
  const update = (/** @type {Waiting} */ { id_cliente, texto, timestamp, falha }) => {
    if (shown === id_cliente + falha) return;
    shown = id_cliente + falha;
    const state = falha ? tickNode("circle-alert", "Não enviada", "falhou") : tickNode("clock", "Esperando para ser enviada", "esperando");
    const again = el("button", { type: "button", class: "link", onclick: () => actions.retry(id_cliente), "data-testid": "mensagem-de-novo" }, "Tentar de novo");
    const drop = el("button", { type: "button", class: "link", onclick: () => actions.outbox.remove(id_cliente), "data-testid": "mensagem-descartar" }, "Descartar");
    const refused = falha ? el("p", { class: "bubble-refused", role: "alert" }, `Não enviada. ${falha} `, again, drop) : null;
    fill(node, el("div", { class: "bubble" }, el("span", { class: "sr-only" }, "Você: "), textNode(texto), el("p", { class: "bubble-foot" }, el("time", {}, formatTime(timestamp)), state), refused));
  };
  return { node, update };
}
