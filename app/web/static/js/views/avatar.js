// @ts-check
import { el } from "../lib/dom.js";
import { makePresence } from "../lib/presence.js";
import { initials } from "../models/people.js";
/** @import { App } from "../app.js" */

/**
 * A person in a circle, with a mark on it while they are online. What the mark says is also in words, for who does not
 * see it.
 * @param {App} app
 * @param {number} id
 * @param {string} name
 */
export function avatar(app, id, name) {
  const presence = app.part(makePresence);
  const letters = el("span", { "aria-hidden": "true" }, initials(name));
  const mark = el("span", { class: "presence", "data-testid": "presenca" }, el("span", { class: "sr-only" }, "online"));
  const node = el("span", { class: "avatar" }, letters, mark);
  const update = (/** @type {string} */ now = name) => {
    letters.textContent = initials(now);
    mark.hidden = !presence.isOnline(id);
  };
  update();
  return { node, update };
}
