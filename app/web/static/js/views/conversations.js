// @ts-check
import { el, icon } from "../lib/dom.js";
import { Scope } from "../lib/scope.js";
import { conversationList } from "./conversation_list.js";
import { conversationView } from "./conversation.js";
/** @import { App } from "../app.js" */

/**
 * The conversations: a list, and one of them. Beside each other on a desk; one after the other on a telephone.
 * @param {App} app
 * @param {string[]} params the other person's id and a message's, or none
 */
export function conversationsView(app, [id = "", at = ""]) {
  const scope = new Scope();
  const other = numberOf(id);
  const list = conversationList(app, other, scope);
  const talk = other ? conversationView(app, other, { at: numberOf(at), scope, heading: "h1" }) : nothingOpen();
  const node = el("div", { class: "talks", "data-open": other > 0 }, list, talk);
  const name = other ? app.chat.model.of(other).name || "Conversa" : "Conversas";
  return { node, title: name, dispose: () => scope.dispose() };
}

/** @param {string} param */
const numberOf = (param) => (/^\d{1,15}$/.test(param) ? Number(param) : 0);

function nothingOpen() {
  return el("div", { class: "panel talk-none" }, icon("message-circle"), el("p", {}, "Escolha uma conversa na lista."));
}
