// @ts-check
import { el } from "../lib/dom.js";

/**
 * How many messages nobody has read.
 * @param {HTMLElement} node
 * @param {number} unread
 */
export function showCount(node, unread) {
  const words = unread === 1 ? " não lida" : " não lidas";
  if (node.dataset.unread === String(unread)) return;
  node.dataset.unread = String(unread);
  node.replaceChildren(unread > 99 ? "99+" : String(unread), el("span", { class: "sr-only" }, words));
}
