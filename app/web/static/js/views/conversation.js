// @ts-check
import { makeChatActions } from "../lib/chat_actions.js";
import { makeContacts } from "../lib/contacts.js";
import { el, fill, icon, setText } from "../lib/dom.js";
import { HistoryReader } from "../lib/history_reader.js";
import { makePresence } from "../lib/presence.js";
import { lineOf } from "../models/message_line.js";
import { absent } from "./absent.js";
import { avatar } from "./avatar.js";
import { composer } from "./composer.js";
import { messageLog } from "./message_log.js";
import { moneyButtons } from "./ask_money.js";
import { reportDialog } from "./message_dialogs.js";
import { clearToasts } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @import { Other } from "../lib/chat_pages.js" */

/**
 * @typedef {object} Options
 * @property {number} at an old message to begin with, or 0
 * @property {Scope} scope
 * @property {"h1" | "h2"} heading what the other's name is on the page: its title, or that of a part of it
 */

/**
 * The conversation with one person: what was said, and a place to write.
 * @param {App} app
 * @param {number} other
 * @param {Options} options
 */
export function conversationView(app, other, { at, scope, heading }) {
  const { chat } = app;
  const head = conversationHead(app, other, { scope, heading });
  const reader = new HistoryReader({ pages: app.part(makeChatActions).pages, model: chat.model }, other);
  const write = composer(app, other, { scope, first: heading === "h1", written: () => log.toEnd() });
  const log = messageLog(app, other, { scope, reader, edit: write.edit, heading: heading === "h1" ? "h2" : "h3" });
  const said = el("p", { class: "sr-only", role: "status", "data-testid": "conversa-anuncio" });
  const node = el("section", { class: heading === "h1" ? "panel talk" : "panel talk is-part", "aria-label": "Conversa", "data-testid": "conversa" }, head.node, log.node, write.node, said);
  const show = (/** @type {Other | null} */ person) => {
    if (!person && !chat.model.of(other).last) fill(node, el(heading, { class: "sr-only" }, "Conversa"), ...stranger());
    else if (person) {
      head.show(person);
      write.allow(person.pode_escrever);
    }
  };
  scope.add(
    chat.opened(other),
    chat.model.on("load", () => void reader.begin()),
    whenContactChanges(app, other, () => void reader.begin()),
    reader.on("begun", (begun) => show(begun.other)),
    chat.model.on("arrived", (event) => void (event.conversa === other && setText(said, `${event.nome}: ${lineOf(event, chat.me)}`))),
  );
  clearToasts(`#/conversas/${other}`);
  reader.begin(at);
  return node;
}

/**
 * Whether the two may write to each other is the bank's to say: it is asked again when that may have changed.
 * @param {App} app
 * @param {number} other
 * @param {() => void} run
 */
function whenContactChanges(app, other, run) {
  const contacts = app.part(makeContacts);
  const situation = () => contacts.people.list.find(({ usuario_id }) => usuario_id === other)?.situacao;
  let before = situation();
  contacts.need();
  return contacts.people.on("change", () => {
    const first = before === undefined;
    if (before === situation()) return;
    before = situation();
    if (!first) run();
  });
}

function stranger() {
  const text = "Só dá para conversar com os seus contatos. Adicione a pessoa em Pessoas e espere que ela aceite.";
  return [absent("Não há conversa com esta pessoa", text), el("a", { href: "#/conversas", role: "button" }, "Ver as suas conversas")];
}

/**
 * @param {App} app
 * @param {number} other
 * @param {{ scope: Scope, heading: "h1" | "h2" }} options
 */
function conversationHead(app, other, { scope, heading }) {
  const { chat } = app;
  const { typing } = app.part(makeChatActions);
  const presence = app.part(makePresence);
  const picture = avatar(app, other, chat.model.of(other).name);
  const name = el(heading, { dir: "auto", "data-testid": "conversa-nome" });
  const state = el("p", { class: "soft", "data-testid": "conversa-estado" });
  const money = moneyButtons(app, other, scope);
  const report = el("button", { type: "button", class: "ghost", "data-testid": "conversa-denunciar", title: "Denunciar", onclick: () => reportDialog(app, other, scope) }, icon("flag"), el("span", { class: "sr-only" }, "Denunciar esta pessoa"));
  let told = "";
  const update = () => {
    const shown = chat.model.of(other).name || told || "Conversa";
    picture.update(shown);
    setText(name, shown);
    setText(state, typing.is(other) ? "digitando…" : presence.wordsFor(other));
    state.classList.toggle("is-typing", typing.is(other));
  };
  const show = (/** @type {Other} */ { nome, pode_escrever }) => {
    told = nome;
    money.hidden = !pode_escrever;
    update();
  };
  money.hidden = true;
  scope.add(chat.model.on("change", update), typing.on("change", update), presence.on("change", update));
  scope.eachDay(update);
  update();
  const page = heading === "h1" ? el("a", { href: `#/pessoas/${other}`, class: "talk-page" }, name) : name;
  const back = el("a", { href: "#/conversas", class: "talk-back", "aria-label": "Todas as conversas", "data-testid": "conversa-voltar" }, icon("arrow-left"));
  const node = el("header", { class: "talk-head" }, back, picture.node, el("div", { class: "talk-who" }, page, state), money, report);
  return { node, show };
}
