// @ts-check
import { makeChatActions } from "../lib/chat_actions.js";
import { el, icon, setText } from "../lib/dom.js";
import { showCount } from "./count.js";
import { logScroll } from "./log_scroll.js";
import { messageDays } from "./message_days.js";
/** @import { App } from "../app.js" */
/** @import { HistoryReader } from "../lib/history_reader.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @import { Message } from "../types/wire.js" */

/** How far before an edge the page behind it is asked for. */
const AHEAD = "300px";

/**
 * @typedef {object} LogOptions
 * @property {Scope} scope
 * @property {HistoryReader} reader
 * @property {(message: Message) => void} edit
 * @property {"h2" | "h3"} heading what the days are on the page
 */

/**
 * What was said, day by day; older and newer pages come as somebody scrolls to them.
 * @param {App} app
 * @param {number} other
 * @param {LogOptions} options
 */
export function messageLog(app, other, options) {
  const { scope, reader } = options;
  const { chat } = app;
  const actions = app.part(makeChatActions);
  const days = messageDays(app, other, options);
  const foot = el("p", { class: "empty", role: "status", "data-testid": "conversa-aviso" });
  const again = el("button", { type: "button", class: "secondary outline", hidden: true, onclick: () => reader.again() }, "Tentar de novo");
  const top = el("div", { class: "log-edge" });
  const bottom = el("div", { class: "log-edge" });
  const box = el("div", { class: "log", tabindex: "0", role: "region", "aria-label": "Mensagens", "data-testid": "mensagens" }, top, foot, again, days.node, bottom);
  const isWhole = () => reader.history.loaded && !reader.history.hasNewer;
  /** Read is what was before the eyes of somebody. */
  const looked = () => {
    down.show(chat.model.of(other).unread, scroll.atEnd && !reader.history.hasNewer);
    if (scroll.atEnd && isWhole() && chat.isLookedAt(other)) actions.readAll(other);
  };
  const scroll = logScroll(box, { scope, moved: () => looked() });
  const toEnd = async () => {
    if (reader.history.hasNewer) await reader.begin();
    scroll.toEnd();
  };
  const down = downButton(async () => {
    await toEnd();
    box.focus();
  });
  const update = () => {
    const waiting = reader.history.hasNewer ? [] : actions.outbox.to(other);
    scroll.keep(() => {
      days.show(reader.history.list, waiting);
      setText(foot, footText(reader, waiting.length));
      again.hidden = reader.failed === "";
    }, days.nodes());
  };
  const edges = watchEdges(box, [[top, () => reader.older()], [bottom, () => reader.newer()]], scope);
  ["focus", "blur"].forEach((type) => scope.listen(window, type, looked));
  scope.listen(document, "visibilitychange", looked);
  scope.add(
    chat.model.on("change", update),
    actions.outbox.on("change", update),
    reader.on("change", () => {
      update();
      if (!reader.loading) edges.look();
    }),
    reader.on("begun", ({ at }) => {
      if (at === 0) return scroll.toEnd();
      const found = days.find(at);
      if (!found) return;
      scroll.goTo(found);
      found.classList.add("is-found");
      found.focus({ preventScroll: true });
    }),
    app.connection.on("change", ({ state }) => void (state === "conectado" && reader.again())),
  );
  scope.eachDay(update);
  update();
  return { node: el("div", { class: "log-box" }, box, down.node), toEnd };
}

/**
 * @param {HistoryReader} reader
 * @param {number} waiting
 */
function footText({ failed, loading, history }, waiting) {
  const shown = history.list.length + waiting;
  if (failed) return failed;
  if (loading && shown === 0) return "Carregando…";
  if (history.hasOlder || !history.loaded) return "";
  return shown ? "Aqui a conversa começa." : "Nada foi dito ainda. A primeira mensagem é sua?";
}

/** @param {() => void} go to the end */
function downButton(go) {
  const count = el("span", { class: "count", "data-testid": "novas" });
  const node = el("button", { type: "button", class: "log-down", "data-testid": "ir-para-o-fim", hidden: true, onclick: go }, icon("arrow-down"), el("span", { class: "sr-only" }, "Ir para a última mensagem"), count);
  const show = (/** @type {number} */ unread, /** @type {boolean} */ atEnd) => {
    node.hidden = atEnd;
    count.hidden = unread === 0;
    showCount(count, unread);
  };
  return { node, show };
}

/**
 * @param {HTMLElement} box
 * @param {[Element, () => void][]} edges and what is to be done when one comes into sight
 * @param {Scope} scope
 */
function watchEdges(box, edges, scope) {
  const run = new Map(edges);
  const watch = new IntersectionObserver((entries) => entries.forEach(({ isIntersecting, target }) => isIntersecting && run.get(target)?.()), { root: box, rootMargin: AHEAD });
  scope.add(() => watch.disconnect());
  /** An observer tells of a change: an edge that is in sight still, after a page has come, is to be told of again. */
  const look = () =>
    edges.forEach(([edge]) => {
      watch.unobserve(edge);
      watch.observe(edge);
    });
  return { look };
}
