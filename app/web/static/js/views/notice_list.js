// @ts-check
import { el, icon, setText, sync } from "../lib/dom.js";
import { INBOX_PAGE } from "../lib/loader.js";
import { navigateTo, newPlace } from "../lib/router.js";
import { dayName, formatTime } from "../models/dates.js";
import { formatAmount, formatBRL, formatSigned } from "../models/money.js";
import { byDay, centsOf, FilteredNotices, messageOf, repeatOf, wayOf } from "../models/notices.js";
import { kindOf } from "../models/preferences.js";
import { noticeFilters } from "./notice_filters.js";
import { KIND_ICONS, KIND_NAMES, linkOf, toast } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { Notification } from "../types/wire.js" */

/** A filter that fits little asks for so many pages by itself until this many are shown. */
const PAGES_AT_ONCE = 4;
const SHOWN_AT_LEAST = 8;

const WAY_ICONS = { entrada: "arrow-down-left", saida: "arrow-up-right", "": "" };
const WAY_TITLES = { entrada: "recebida", saida: "enviada", "": "" };

/**
 * Everything that was told, by days, with filters; read one by one or all.
 * @param {App} app
 * @param {"h2" | "h3"} heading of a day, under the one of the place that the list is in
 */
export function noticeList(app, heading) {
  const notices = new FilteredNotices(app.inbox);
  const days = el("div", { class: "notices", "data-testid": "notificacoes" });
  const empty = el("p", { class: "empty", role: "status", "data-testid": "avisos-nenhum" });
  const readAll = el("button", { type: "button", class: "link", "data-testid": "marcar-lidas" }, icon("check-check"), "Marcar todas como lidas");
  const older = el("button", { type: "button", class: "secondary outline older", "data-testid": "avisos-anteriores" }, "Ver anteriores");
  /** @type {Map<number, ReturnType<typeof noticeView>>} */
  let views = new Map();
  /** @type {Map<string, ReturnType<typeof dayView>>} */
  let dayViews = new Map();
  const update = () => {
    const items = notices.list;
    views = new Map(items.map((item) => [item.seq, views.get(item.seq) ?? noticeView(app, item)]));
    items.forEach((item) => views.get(item.seq)?.show(app.inbox.isUnread(item)));
    const groups = byDay(items);
    dayViews = new Map(groups.map(({ day }) => [day, dayViews.get(day) ?? dayView(heading)]));
    groups.forEach(({ day, items: ofDay }) => dayViews.get(day)?.show(day, ofDay.map(({ seq }) => /** @type {Node} */ (views.get(seq)?.node))));
    sync(days, [...dayViews.values()].map((day) => day.node));
    const more = notices.isOn ? notices.next !== null : !app.inbox.complete && items.length > 0;
    older.hidden = !more;
    empty.hidden = items.length > 0;
    setText(empty, nothingSaid(notices.isOn, more));
    readAll.hidden = app.inbox.unread === 0;
  };
  const load = async () => {
    older.disabled = true;
    await (notices.isOn ? loadFitting(app, notices) : loadOlder(app)).catch(told);
    older.disabled = false;
    update();
  };
  const filters = noticeFilters((filter) => {
    notices.choose(filter);
    update();
    if (notices.next !== null && notices.list.length < SHOWN_AT_LEAST) load();
  });
  readAll.addEventListener("click", () => app.readAll().catch(told));
  older.addEventListener("click", load);
  const node = el("div", { class: "notice-list" }, filters, readAll, days, empty, older);
  update();
  return { node, update };
}

/**
 * @param {boolean} isFiltered
 * @param {boolean} more whether older ones were not looked at yet
 */
function nothingSaid(isFiltered, more) {
  if (!isFiltered) return "Nenhum aviso por enquanto.";
  return more ? "Nenhum destes entre os mais recentes." : "Nenhum aviso com estes filtros.";
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
 * A page of the bank's may hold few that fit, or none, and say where it goes on.
 * @param {App} app
 * @param {FilteredNotices} notices
 */
async function loadFitting({ http }, notices) {
  const before = notices.list.length;
  for (let page = 0; page < PAGES_AT_ONCE && notices.next !== null; page += 1) {
    const path = notices.next;
    const { body, next } = await http.page(path);
    notices.add(path, { items: body.notificacoes, next });
    if (notices.list.length >= before + SHOWN_AT_LEAST) return;
  }
}

/** @param {"h2" | "h3"} heading */
function dayView(heading) {
  const name = el(heading, { class: "notice-day" });
  const list = el("ol", { role: "list" });
  const node = el("section", {}, name, list);
  const show = (/** @type {string} */ day, /** @type {Node[]} */ nodes) => {
    setText(name, dayName(day));
    sync(list, nodes);
  };
  return { node, show };
}

/**
 * @param {App} app
 * @param {Notification} item
 */
function noticeView(app, item) {
  const { seq, tipo, timestamp, mensagem } = item;
  const kind = kindOf(tipo);
  const way = wayOf(item);
  const link = linkOf(item);
  const mark = el("span", { class: "sr-only" }, " (não lido)");
  const title = el("b", {}, kind === "transferencia" && way ? `${KIND_NAMES[kind]} ${WAY_TITLES[way]}` : KIND_NAMES[kind], mark);
  const words = messageOf(item);
  const text = [
    el("span", { class: "notice-title" }, title, sumView(item)),
    el("span", {}, mensagem),
    words ? el("q", { class: "notice-words" }, words) : null,
    el("time", { datetime: timestamp }, formatTime(timestamp)),
  ];
  const read = el(
    "button",
    { type: "button", class: "link", "aria-label": `Marcar como lido: ${mensagem}`, "data-testid": "marcar-lida", onclick: () => app.readEach([item]).catch(told) },
    icon("check"),
    "Marcar como lido",
  );
  const node = el(
    "li",
    { class: "notice", "data-kind": kind, "data-way": way, "data-seq": seq, "data-testid": "notificacao-item" },
    el("span", { class: "notice-icon" }, icon(WAY_ICONS[way] || KIND_ICONS[kind])),
    link ? el("a", { class: "notice-text", href: link.href, onclick: () => app.opened(item) }, ...text) : el("div", { class: "notice-text" }, ...text),
    el("div", { class: "notice-actions" }, link ? el("a", { href: link.href, onclick: () => app.opened(item), "aria-label": `${link.words}: ${mensagem}`, "data-testid": "aviso-ver" }, link.words) : null, repeatButton(app, item), read),
  );
  const show = (/** @type {boolean} */ unread) => {
    node.classList.toggle("is-unread", unread);
    mark.hidden = read.hidden = !unread;
  };
  return { node, show };
}

/**
 * What came has a plus, what went a minus; what stayed with the person has neither.
 * @param {Notification} item
 */
function sumView(item) {
  const cents = centsOf(item);
  if (cents === null) return null;
  const way = wayOf(item);
  return el("b", { class: way ? (way === "entrada" ? "in" : "out") : "soft" }, way ? formatSigned(cents) : formatBRL(cents));
}

/**
 * Opens the form as it was filled; it is checked and confirmed like any other.
 * @param {App} app
 * @param {Notification} item
 */
function repeatButton({ places }, item) {
  const again = repeatOf(item);
  if (!again) return null;
  const repeat = () => {
    const page = places.at(newPlace());
    const destino = again.target ? String(again.target) : "";
    page.keep("campos", { valor: formatAmount(again.cents), conta: String(again.account), destino, descricao: again.description });
    navigateTo(`operar/${again.kind}`, page.id);
  };
  return el("button", { type: "button", class: "link", "aria-label": `Repetir: ${item.mensagem}`, "data-testid": "aviso-repetir", onclick: repeat }, "Repetir");
}
