// @ts-check
import { makeChatActions } from "../lib/chat_actions.js";
import { el, icon, setText, sync } from "../lib/dom.js";
import { dayKey, dayName, formatTime } from "../models/dates.js";
import { lineOf } from "../models/message_line.js";
import { SEARCH_MAX } from "../lib/message_search.js";
import { makePresence } from "../lib/presence.js";
import { avatar } from "./avatar.js";
import { showCount } from "./count.js";
/** @import { App } from "../app.js" */
/** @import { Conversation } from "../models/conversation.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @import { Message } from "../types/wire.js" */

const TYPED_MS = 300;

/**
 * Every conversation, the newest first; or, while something is looked for, where it was said.
 * @param {App} app
 * @param {number} open the one that is shown beside the list, or 0
 * @param {Scope} scope
 */
export function conversationList(app, open, scope) {
  const { chat } = app;
  const { search, typing } = app.part(makeChatActions);
  const presence = app.part(makePresence);
  const rows = conversationRows(app, open);
  const results = searchResults(app, scope);
  const here = onlineRows(app);
  const foot = el("p", { class: "empty", role: "status", "data-testid": "conversas-vazia" });
  const node = el(
    "section",
    { class: "panel talk-list", "aria-label": "Lista de conversas" },
    el(open ? "h2" : "h1", {}, "Conversas"),
    results.input,
    results.node,
    rows.node,
    here.node,
    foot,
  );
  const update = () => {
    const searching = search.text.trim() !== "";
    results.node.hidden = !searching;
    rows.node.hidden = searching;
    rows.update();
    here.update(searching);
    setText(foot, searching ? "" : emptyText(app));
  };
  scope.add(chat.model.on("change", update), typing.on("change", update), search.on("change", update), presence.on("change", update));
  scope.eachDay(update);
  update();
  return node;
}

/** @param {App} app */
function emptyText({ chat: { model } }) {
  if (!model.loaded) return "Carregando suas conversas…";
  return model.list.length ? "" : "Nenhuma conversa ainda. Quem é seu contato aparece em Pessoas: comece por ali.";
}

/**
 * @param {App} app
 * @param {number} open
 */
function conversationRows(app, open) {
  const node = el("ul", { class: "talk-rows", role: "list", "data-testid": "conversas" });
  /** @type {Map<number, ReturnType<typeof conversationRow>>} */
  let rows = new Map();
  const update = () => {
    rows = new Map(app.chat.model.list.map((each) => [each.other, rows.get(each.other) ?? conversationRow(app, each.other, open)]));
    rows.forEach((row) => row.update());
    sync(node, [...rows.values()].map((row) => row.node));
  };
  return { node, update };
}

/**
 * @param {App} app
 * @param {number} other
 * @param {number} open
 */
function conversationRow(app, other, open) {
  const { chat } = app;
  const { typing } = app.part(makeChatActions);
  const picture = avatar(app, other, chat.model.of(other).name);
  const name = el("b", { dir: "auto" });
  const time = el("time");
  const line = el("small", { dir: "auto" });
  const count = el("span", { class: "count", "data-testid": "conversa-nao-lidas" });
  const node = el(
    "li",
    {},
    el(
      "a",
      { class: "talk-row", href: `#/conversas/${other}`, "aria-current": other === open ? "page" : null, "data-testid": `conversa-${other}` },
      picture.node,
      el("span", { class: "talk-row-text" }, name, line),
      el("span", { class: "talk-row-side" }, time, count),
    ),
  );
  const update = () => {
    const talk = chat.model.of(other);
    picture.update(talk.name);
    setText(name, talk.name);
    setText(time, talk.last ? shortTime(talk.last.timestamp) : "");
    setText(line, typing.is(other) ? "digitando…" : lastLine(talk, chat.me));
    line.classList.toggle("is-typing", typing.is(other));
    count.hidden = talk.unread === 0;
    showCount(count, talk.unread);
  };
  return { node, update };
}

/**
 * @param {Conversation} talk
 * @param {number} me
 */
function lastLine({ last }, me) {
  if (!last) return "";
  const mine = last.de === me && last.tipo === "texto" && !last.apagada;
  return `${mine ? "Você: " : ""}${lineOf(last, me)}`;
}

/** @param {string} timestamp */
function shortTime(timestamp) {
  const day = dayName(dayKey(timestamp));
  return day === "Hoje" ? formatTime(timestamp) : day;
}

/** Contacts who are here and with whom nothing was said yet. @param {App} app */
function onlineRows(app) {
  const presence = app.part(makePresence);
  const list = el("ul", { class: "talk-rows", role: "list" });
  const node = el("div", { class: "talk-online" }, el("p", { class: "soft" }, "Online agora"), list);
  const update = (/** @type {boolean} */ searching) => {
    const fresh = presence.online.filter(({ id }) => !app.chat.model.of(id).last);
    node.hidden = searching || fresh.length === 0 || !app.chat.model.loaded;
    const shown = fresh.map(({ id }) => id).join();
    if (shown === node.dataset.shown) return;
    node.dataset.shown = shown;
    list.replaceChildren(
      ...fresh.map(({ id, name }) =>
        el("li", {}, el("a", { class: "talk-row", href: `#/conversas/${id}` }, avatar(app, id, name).node, el("span", { class: "talk-row-text" }, el("b", { dir: "auto" }, name)))),
      ),
    );
  };
  return { node, update };
}

/**
 * @param {App} app
 * @param {Scope} scope
 */
function searchResults(app, scope) {
  const { search } = app.part(makeChatActions);
  const field = el("input", { type: "search", maxlength: SEARCH_MAX, placeholder: "Buscar mensagens", "aria-label": "Buscar nas suas conversas", "data-testid": "conversas-busca" });
  const list = el("ul", { class: "talk-rows", role: "list", "data-testid": "conversas-achadas" });
  const foot = el("p", { class: "empty", role: "status" });
  const more = el("button", { type: "button", class: "secondary outline", onclick: () => search.more() }, "Procurar mais");
  const node = el("div", {}, list, foot, more);
  /** @type {number | undefined} */
  let timer;
  field.value = search.text;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => search.look(field.value), TYPED_MS);
  });
  const update = () => {
    sync(list, search.found.map((message) => rowOf(message)));
    setText(foot, search.failed || (search.loading ? "Procurando…" : search.found.length ? "" : search.complete ? "Nenhuma mensagem com este texto." : "Nada nas mensagens mais novas."));
    more.hidden = search.complete || search.loading;
  };
  /** @type {Map<number, HTMLElement>} */
  const made = new Map();
  const rowOf = (/** @type {Message} */ message) => {
    const known = made.get(message.mensagem_id) ?? resultRow(app, message);
    made.set(message.mensagem_id, known);
    return known;
  };
  scope.add(search.on("change", update), () => clearTimeout(timer));
  update();
  return { input: el("div", { class: "talk-search", role: "search" }, icon("search"), field), node };
}

/**
 * @param {App} app
 * @param {Message} message
 */
function resultRow(app, message) {
  const other = message.de === app.chat.me ? message.para : message.de;
  return el(
    "li",
    {},
    el(
      "a",
      { class: "talk-row", href: `#/conversas/${other}/${message.mensagem_id}`, "data-testid": "mensagem-achada" },
      el("span", { class: "talk-row-text" }, el("b", { dir: "auto" }, app.chat.model.of(other).name || "Conversa"), el("small", { dir: "auto" }, message.texto)),
      el("span", { class: "talk-row-side" }, el("time", {}, shortTime(message.timestamp))),
    ),
  );
}
