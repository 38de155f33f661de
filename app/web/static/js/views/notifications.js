// @ts-check
import { el, icon, setText, sync } from "../lib/dom.js";
import { INBOX_PAGE } from "../lib/loader.js";
import { ago } from "../models/dates.js";
import { kindOf } from "../models/preferences.js";
import { clearToasts, KIND_ICONS, KIND_NAMES, receiptHref, toast } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { Notification } from "../types/wire.js" */
/** @import { Scope } from "../lib/scope.js" */

/**
 * The bell and, under it, everything that was told. Opening it makes what came seen; it is read
 * once it was opened itself, or all were marked.
 * @param {App} app
 * @param {Scope} scope
 */
export function notificationsView(app, scope) {
  const count = el("span", { class: "bell-count", "data-testid": "sino-contador", hidden: true });
  const label = el("span", { class: "sr-only" }, "Avisos");
  const bell = el(
    "button",
    { type: "button", class: "bell ghost", "aria-expanded": "false", "aria-controls": "painel-avisos", "data-testid": "sino" },
    icon("bell"),
    count,
    label,
  );
  const panel = makePanel(app);
  const toggle = (/** @type {boolean} */ open) => {
    panel.node.hidden = !open;
    bell.setAttribute("aria-expanded", String(open));
    if (!open) return;
    clearToasts();
    panel.update();
    app.inbox.see();
    panel.node.focus();
  };
  const update = () => {
    const { unread, hasUnseen } = app.inbox;
    count.hidden = unread === 0;
    setText(count, unread > 99 ? "99+" : String(unread));
    setText(label, unread === 0 ? "Avisos" : `Avisos, ${unread} não lidos`);
    bell.classList.toggle("has-unseen", hasUnseen && panel.node.hidden !== false);
    panel.update();
  };
  bell.addEventListener("click", () => toggle(panel.node.hidden !== false));
  panel.close.addEventListener("click", () => leave());
  const leave = () => {
    toggle(false);
    bell.focus();
  };
  scope.listen(document, "keydown", (event) => event.key === "Escape" && !panel.node.hidden && leave());
  scope.listen(document, "pointerdown", ({ target }) => !node.contains(target) && toggle(false));
  scope.listen(window, "hashchange", () => toggle(false));
  scope.add(app.inbox.on("change", update));
  const node = el("div", { class: "bell-box" }, bell, panel.node);
  update();
  return node;
}

/** @param {App} app */
function makePanel(app) {
  const list = el("ol", { class: "notices", role: "list", "data-testid": "notificacoes" });
  const close = el("button", { type: "button", class: "ghost", "aria-label": "Fechar avisos" }, icon("x"));
  const readAll = el("button", { type: "button", class: "link", "data-testid": "marcar-lidas" }, icon("check-check"), "Marcar todas como lidas");
  const older = el("button", { type: "button", class: "secondary outline older", "data-testid": "avisos-anteriores" }, "Ver anteriores");
  readAll.addEventListener("click", () => app.readAll().catch(told));
  older.addEventListener("click", async () => {
    older.disabled = true;
    await loadOlder(app).catch(told);
    older.disabled = false;
  });
  const node = el(
    "section",
    { class: "notices-panel", id: "painel-avisos", "aria-label": "Avisos", tabindex: "-1", hidden: true, "data-testid": "painel-avisos" },
    el("header", { class: "section-head" }, el("h2", {}, "Avisos"), close),
    readAll,
    list,
    older,
  );
  const empty = el("li", { class: "empty" }, "Nenhum aviso por enquanto.");
  /** @type {Map<number, ReturnType<typeof noticeView>>} */
  let notices = new Map();
  const update = () => {
    const { inbox } = app;
    const items = inbox.list;
    notices = new Map(items.map((item) => [item.seq, notices.get(item.seq) ?? noticeView(app, item)]));
    items.forEach((item) => notices.get(item.seq)?.show(inbox.isUnread(item)));
    sync(list, items.length ? [...notices.values()].map((notice) => notice.node) : [empty]);
    readAll.hidden = inbox.unread === 0;
    older.hidden = inbox.complete || items.length === 0;
  };
  return { node, close, update };
}

/** @param {Error} error */
const told = (error) => toast({ title: "Não deu certo", text: error.message, kind: "erro" });

/** @param {App} app */
async function loadOlder({ http, inbox }) {
  const before = inbox.oldestSeq;
  const { notificacoes } = await http.get(`/notificacoes?limite=${INBOX_PAGE}&antes=${before}`);
  inbox.addOlder(notificacoes, { before, complete: notificacoes.length < INBOX_PAGE });
}

/**
 * @param {App} app
 * @param {Notification} item
 */
function noticeView(app, item) {
  const { seq, tipo, mensagem, timestamp, dados } = item;
  const kind = kindOf(tipo);
  const href = receiptHref(dados);
  const mark = el("span", { class: "sr-only" }, " (não lido)");
  const time = el("time", { datetime: timestamp });
  const text = [el("b", {}, KIND_NAMES[kind], mark), el("span", {}, mensagem), time];
  const node = el(
    "li",
    { class: "notice", "data-kind": kind, "data-seq": seq, "data-testid": "notificacao-item" },
    el("span", { class: "notice-icon" }, icon(KIND_ICONS[kind])),
    href ? el("a", { class: "notice-text", href, onclick: () => app.opened(item) }, ...text) : el("div", { class: "notice-text" }, ...text),
  );
  const show = (/** @type {boolean} */ unread) => {
    node.classList.toggle("is-unread", unread);
    mark.hidden = !unread;
    setText(time, ago(timestamp));
  };
  return { node, show };
}
