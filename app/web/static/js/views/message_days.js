// @ts-check
import { el, setText, sync } from "../lib/dom.js";
import { dayName } from "../models/dates.js";
import { daysOf } from "../models/message_text.js";
import { messageView, waitingView } from "./message.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @import { Message } from "../types/wire.js" */
/** @import { Waiting } from "../models/outbox.js" */

/** @typedef {{ timestamp: string, key: string, message?: Message, waiting?: Waiting }} Shown */

/**
 * Messages under the names of their days, kept in place as others join them.
 * @param {App} app
 * @param {number} other
 * @param {{ scope: Scope, edit: (message: Message) => void, heading: "h2" | "h3" }} options
 */
export function messageDays(app, other, options) {
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
  const nodes = () => [...messages.values()].map((each) => each.node);
  const find = (/** @type {number} */ id) => messages.get(`mensagem-${id}`)?.node;
  return { node, show, nodes, find };
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
