// @ts-check
import { el, icon } from "../lib/dom.js";
/** @import { Scope } from "../lib/scope.js" */

const KEY = "saldo-vivo:tema";
const THEMES = { "": ["Como o sistema", "sun-moon"], light: ["Claro", "sun"], dark: ["Escuro", "moon"] };

/**
 * Light, dark, or whatever the system is. What another tab chooses is painted at the page's start already.
 * @param {Scope} scope
 */
export function themeChoice(scope) {
  /** @type {HTMLInputElement[]} */
  const inputs = [];
  const options = Object.entries(THEMES).map(([value, [words, name]]) => {
    const input = el("input", { type: "radio", name: "tema", value, "data-testid": `tema-${value || "sistema"}`, onchange: () => choose(value) });
    inputs.push(input);
    return el("label", { class: "theme-option" }, input, icon(name), words);
  });
  const show = () => inputs.forEach((input) => (input.checked = input.value === (localStorage.getItem(KEY) ?? "")));
  scope.listen(window, "storage", show);
  show();
  return el("fieldset", { class: "theme" }, el("legend", { class: "sr-only" }, "Tema"), ...options);
}

/** @param {string} theme */
function choose(theme) {
  if (theme) {
    localStorage.setItem(KEY, theme);
    document.documentElement.dataset.theme = theme;
  } else {
    localStorage.removeItem(KEY);
    delete document.documentElement.dataset.theme;
  }
}
