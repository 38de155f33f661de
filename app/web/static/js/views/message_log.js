// @ts-check
import { el, icon, setText, sync } from "../lib/dom.js";
import { dayName } from "../models/dates.js";
import { daysOf } from "../models/message_text.js";
import { showCount } from "./count.js";
import { messageView, waitingView } from "./message.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @import { Message } from "../types/wire.js" */
/** @import { Waiting } from "../models/outbox.js" */

/** So near to the end that what comes next is to be seen. */
const END_PX = 48;

/** @typedef {{ timestamp: string, key: string, message?: Message, waiting?: Waiting }} Shown */

/**
 * What was said, day by day, with older and newer pages as somebody scrolls to them. What is being read stays where it
 * is; who is at the end stays at the end.
 * @param {App} app
 * @param {number} other
 * @param {{ scope: Scope, edit: (message: Message) => void, heading: "h2" | "h3" }} options
 */
export function messageLog(app, other, { scope, edit, heading }) {
  const { chat } = app;
  const days = dayNodes(app, other, { scope, edit, heading });
  const top = el("div", { class: "log-edge" });
  const bottom = el("div", { class: "log-edge" });
  const foot = el("p", { class: "empty", role: "status", "data-testid": "conversa-aviso" });
  const again = el("button", { type: "button", class: "secondary outline", hidden: true }, "Tentar de novo");
  const box = el("div", { class: "log", tabindex: "0", role: "region", "aria-label": "Mensagens", "data-testid": "mensagens" }, top, foot, again, days.node, bottom);
  const count = el("span", { class: "count", "data-testid": "novas" });
  const down = el("button", { type: "button", class: "log-down", "data-testid": "ir-para-o-fim", hidden: true }, icon("arrow-down"), el("span", { class: "sr-only" }, "Ir para a última mensagem"), count);
  const node = el("div", { class: "log-box" }, box, down);
  const history = () => chat.model.of(other).history;
  let [loading, failed, wasAtEnd] = [false, "", true];
  /** @type {() => Promise<unknown>} */
  let retry = async () => undefined;

  const isAtEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < END_PX && !history().hasNewer;
  const toEnd = () => {
    box.scrollTop = box.scrollHeight;
    looked();
  };
  /** Read is what was before the eyes of somebody. */
  const looked = () => {
    wasAtEnd = isAtEnd();
    const { unread } = chat.model.of(other);
    down.hidden = wasAtEnd;
    count.hidden = unread === 0;
    showCount(count, unread);
    if (wasAtEnd && history().loaded && chat.isLookedAt(other)) chat.readAll(other);
  };
  const update = () => {
    const kept = wasAtEnd ? null : days.anchor(box);
    const waiting = history().hasNewer ? [] : chat.outbox.to(other);
    days.show(history().list, waiting);
    setText(foot, failed || (loading && history().list.length === 0 ? "Carregando…" : emptyText()));
    again.hidden = failed === "";
    if (wasAtEnd && !history().hasNewer) toEnd();
    else if (kept) box.scrollTop += kept.node.getBoundingClientRect().top - kept.top;
    looked();
  };
  const emptyText = () => {
    if (history().hasOlder || !history().loaded) return "";
    return history().list.length + chat.outbox.to(other).length ? "Aqui a conversa começa." : "Nada foi dito ainda. A primeira mensagem é sua?";
  };
  /**
   * @param {() => Promise<unknown>} run
   * @param {number} [at] the message to go to, or the end
   */
  const load = async (run, at = 0) => {
    retry = () => load(run, at);
    [loading, failed, wasAtEnd] = [true, "", at === 0];
    update();
    await run().catch((/** @type {Error} */ error) => (failed = error.message));
    if (scope.disposed) return;
    loading = false;
    update();
    if (at) days.goTo(at);
  };
  const more = async (/** @type {() => Promise<unknown>} */ run) => {
    if (loading || failed || !history().loaded) return;
    retry = () => more(run);
    loading = true;
    await run().catch((/** @type {Error} */ error) => (failed = error.message));
    loading = false;
    if (scope.disposed) return;
    update();
    watchEdges();
  };
  const edges = new IntersectionObserver(
    (entries) =>
      entries.forEach(({ isIntersecting, target }) => {
        if (isIntersecting && target === top && history().hasOlder) more(() => chat.pages.older(other));
        if (isIntersecting && target === bottom && history().hasNewer) more(() => chat.pages.newer(other));
      }),
    { root: box, rootMargin: "300px" },
  );
  /** An observer tells of a change; an edge that is still in sight after a page has come is told of again. */
  const watchEdges = () =>
    [top, bottom].forEach((edge) => {
      edges.unobserve(edge);
      edges.observe(edge);
    });
  const resized = new ResizeObserver(() => (wasAtEnd ? toEnd() : looked()));
  resized.observe(box);
  again.addEventListener("click", () => {
    failed = "";
    retry();
  });
  down.addEventListener("click", async () => {
    if (history().hasNewer) await load(() => chat.pages.show(other));
    toEnd();
    box.focus();
  });
  box.addEventListener("scroll", looked, { passive: true });
  ["focus", "blur"].forEach((type) => scope.listen(window, type, looked));
  scope.listen(document, "visibilitychange", looked);
  scope.add(
    chat.model.on("change", update),
    chat.outbox.on("change", update),
    app.connection.on("change", ({ state }) => void (state === "conectado" && failed && again.click())),
    () => edges.disconnect(),
    () => resized.disconnect(),
  );
  scope.eachDay(update);
  const begin = async (/** @type {() => Promise<unknown>} */ run, /** @type {number} */ at) => {
    await load(run, at);
    if (!scope.disposed) watchEdges();
  };
  return { node, load: begin };
}

/**
 * @param {App} app
 * @param {number} other
 * @param {{ scope: Scope, edit: (message: Message) => void, heading: "h2" | "h3" }} options
 */
function dayNodes(app, other, options) {
  const node = el("div", { class: "log-days" });
  /** @type {Map<string, ReturnType<typeof dayNode>>} */
  let days = new Map();
  /** @type {Map<string, { node: HTMLElement, update: (shown: any) => void }>} */
  let messages = new Map();
  const made = (/** @type {Shown} */ { key, waiting }) => {
    const known = messages.get(key);
    return known ?? (waiting ? waitingView(app) : messageView(app, other, options));
  };
  const show = (/** @type {Message[]} */ list, /** @type {Waiting[]} */ waiting) => {
    const all = [...list.map(shownOf), ...waiting.map(waitingOf)];
    messages = new Map(all.map((each) => [each.key, made(each)]));
    all.forEach((each) => messages.get(each.key)?.update(each.message ?? each.waiting));
    const groups = daysOf(all);
    days = new Map(groups.map(({ day }) => [day, days.get(day) ?? dayNode(options.heading)]));
    groups.forEach(({ day, messages: ofDay }) => days.get(day)?.show(day, ofDay.map(({ key }) => /** @type {Node} */ (messages.get(key)?.node))));
    sync(node, [...days.values()].map((day) => day.node));
  };
  /** The first message in sight, and where it is. */
  const anchor = (/** @type {HTMLElement} */ box) => {
    const { top } = box.getBoundingClientRect();
    const first = [...messages.values()].find(({ node: each }) => each.getBoundingClientRect().bottom > top);
    return first ? { node: first.node, top: first.node.getBoundingClientRect().top } : null;
  };
  const goTo = (/** @type {number} */ id) => {
    const found = messages.get(`mensagem-${id}`)?.node;
    found?.scrollIntoView({ block: "center" });
    found?.classList.add("is-found");
    found?.focus({ preventScroll: true });
  };
  return { node, show, anchor, goTo };
}

/** @param {Message} message @returns {Shown} */
const shownOf = (message) => ({ timestamp: message.timestamp, key: `mensagem-${message.mensagem_id}`, message });

/** @param {Waiting} waiting @returns {Shown} */
const waitingOf = (waiting) => ({ timestamp: waiting.timestamp, key: `espera-${waiting.id_cliente}`, waiting });

/** @param {"h2" | "h3"} heading */
function dayNode(heading) {
  const name = el(heading, { class: "log-day" });
  const list = el("ol", { role: "list" });
  const node = el("section", {}, name, list);
  const show = (/** @type {string} */ day, /** @type {Node[]} */ nodes) => {
    setText(name, dayName(day));
    sync(list, nodes);
  };
  return { node, show };
}
