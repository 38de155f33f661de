// @ts-check
import { el, icon } from "../lib/dom.js";
import { isAt } from "../lib/router.js";
import { lineOf, noticeKind } from "../models/message_line.js";
import { isShown, kindOf, SECURITY } from "../models/preferences.js";
import { receiptPath } from "../models/statement.js";
/** @import { App } from "../app.js" */
/** @import { MessageEvent, Notification } from "../types/wire.js" */

const SHOWN_MAX = 4;
const SHOWN_MS = 7000;
/** After an absence this many notifications at once are told in one toast. */
const TOLD_ONE_BY_ONE_MAX = 3;
/** What comes within one breath is told together, and so is all that was missed. */
const BREATH_MS = 120;

/** @type {Record<string, string>} */
export const KIND_ICONS = {
  deposito: "arrow-down-to-line",
  saque: "arrow-up-from-line",
  transferencia: "arrow-left-right",
  pagamento: "receipt-text",
  agendamento: "calendar-clock",
  cobranca: "hand-coins",
  mensagem: "message-circle",
  contato: "user-plus",
  aviso: "info",
  seguranca: "shield-check",
  ok: "check",
  erro: "circle-alert",
};

/** @type {Record<string, string>} */
export const KIND_NAMES = {
  deposito: "Depósito",
  saque: "Saque",
  transferencia: "Transferência",
  pagamento: "Pagamento",
  agendamento: "Agendamento",
  cobranca: "Cobrança",
  mensagem: "Mensagem",
  contato: "Contato",
  aviso: "Aviso",
  seguranca: "Segurança",
};

const region = el("div", { class: "toasts", role: "status", "aria-live": "polite", "aria-label": "Avisos que chegam" });

/** @typedef {{ title: string, text?: string, kind: string, href?: string, more?: string, opened?: () => void }} Toast `more`: what its link leads to, where that is to be said */

/** @param {Toast} message */
export function toast({ title, text = "", kind, href, more, opened = () => undefined }) {
  const words = [el("b", {}, title), text ? el("span", {}, text) : null, more ? " " : null, more ? el("u", {}, more) : null];
  // Two lines are shown; all of it is under the pointer, and behind the bell.
  const whole = text ? `${title}. ${text}` : title;
  const node = el(
    "div",
    { class: "toast", "data-kind": kind, title: whole, "data-testid": "aviso-toast" },
    icon(KIND_ICONS[kind] ?? "info"),
    href ? el("a", { class: "toast-text", href, onclick: opened }, ...words) : el("div", { class: "toast-text" }, ...words),
    el("button", { type: "button", class: "ghost", "aria-label": "Dispensar", onclick: () => node.remove() }, icon("x")),
  );
  region.append(node);
  while (region.childElementCount > SHOWN_MAX) region.firstElementChild?.remove();
  fadeLater(node);
}

/**
 * What they told of is on the screen now.
 * @param {string} [href] of what they lead to; all of them without it
 */
export function clearToasts(href) {
  [...region.children].forEach((each) => (href === undefined || each.querySelector(`a[href="${href}"]`)) && each.remove());
}

/**
 * Stays for as long as somebody points at it or has the focus in it.
 * @param {HTMLElement} node
 */
function fadeLater(node) {
  const held = () => node.matches(":hover, :focus-within");
  const leave = () => (held() ? setTimeout(leave, SHOWN_MS / 2) : node.remove());
  setTimeout(leave, SHOWN_MS);
}

/**
 * Shows what arrives, one by one or, after an absence, as one sentence.
 * @param {App} app
 */
export function toastsView(app) {
  const notices = inOneBreath(app, (/** @type {Notification[]} */ breath) => {
    const events = breath.filter((event) => !isOnScreen(event) && isShown(app.sounds.preferences, event.tipo));
    if (events.length > TOLD_ONE_BY_ONE_MAX) {
      toast({ title: `${events.length} avisos novos`, text: "Veja todos no sino, lá em cima.", kind: "aviso" });
    } else events.forEach((event) => tell(app, event));
  });
  const messages = inOneBreath(app, (/** @type {MessageEvent[]} */ breath) => {
    const events = breath.filter((event) => !app.chat.isLookedAt(event.conversa) && isShown(app.sounds.preferences, noticeKind(event)));
    if (events.length > TOLD_ONE_BY_ONE_MAX) {
      toast({ title: `${events.length} mensagens novas`, kind: "mensagem", href: "#/conversas" });
    } else events.forEach((event) => tellMessage(app, event));
  });
  app.inbox.on("arrived", notices);
  app.chat.on("news", messages);
  return region;
}

/**
 * @template Event
 * @param {App} app
 * @param {(events: Event[]) => void} speak
 * @returns {(event: Event) => void}
 */
function inOneBreath(app, speak) {
  /** @type {Event[]} */
  const breath = [];
  const end = () => (app.isCatchingUp ? setTimeout(end, BREATH_MS) : speak(breath.splice(0)));
  // Nobody is told what was for somebody who has left.
  app.session.on("closed", () => breath.splice(0));
  return (event) => {
    if (breath.push(event) === 1) setTimeout(end, BREATH_MS);
  };
}

/**
 * @param {App} app
 * @param {MessageEvent} event
 */
function tellMessage(app, event) {
  toast({ title: event.nome, text: lineOf(event, app.chat.me), kind: noticeKind(event), href: `#/conversas/${event.conversa}` });
}

/**
 * An open receipt says more than a toast about the same operation; and what was changed on the screen of security is said there.
 * @param {Notification} event
 */
function isOnScreen({ tipo, dados }) {
  const isOwnChange = kindOf(tipo) === SECURITY && !dados?.sessao_id;
  return isAt(isOwnChange ? "seguranca" : `comprovante/${dados?.operacao_id}`);
}

/**
 * Where more is to be seen of what a notice tells, and how that is called. The first of its rows is the side that it speaks of.
 * @param {Notification} event
 * @returns {{ href: string, words: string } | null}
 */
export function linkOf({ tipo, dados }) {
  if (kindOf(tipo) === SECURITY) return { href: "#/seguranca", words: dados?.sessao_id ? "Ver sessões" : "Ver segurança" };
  const row = dados?.movimentacoes?.[0];
  if (row) return { href: `#/${receiptPath(row)}`, words: "Comprovante" };
  if (dados?.usuario_id) return { href: `#/pessoas/${dados.usuario_id}`, words: "Ver pessoa" };
  if (dados?.agendamento_id) return { href: `#/agenda/${dados.agendamento_id}`, words: "Ver agendamento" };
  return dados?.operacao_id ? { href: `#/comprovante/${dados.operacao_id}`, words: "Comprovante" } : null;
}

/**
 * @param {App} app
 * @param {Notification} event
 */
function tell(app, event) {
  const kind = kindOf(event.tipo);
  const link = linkOf(event);
  toast({
    title: KIND_NAMES[kind],
    text: event.mensagem,
    kind,
    more: kind === SECURITY ? link?.words : undefined,
    href: link?.href,
    opened: () => app.opened(event),
  });
}
