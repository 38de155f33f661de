// @ts-check
import { el, icon } from "../lib/dom.js";

/**
 * In the place of what cannot be shown: why, in plain words.
 * @param {string} title
 * @param {string} text
 */
export function absent(title, text) {
  return el("section", { class: "panel absent", role: "alert", "data-testid": "ausente" }, icon("circle-alert"), el("h2", {}, title), el("p", {}, text));
}
