// @ts-check
import { el, icon } from "../lib/dom.js";

const KEY = "saldo-vivo:tema";
const THEMES = { "": ["Como o sistema", "sun-moon"], light: ["Claro", "sun"], dark: ["Escuro", "moon"] };

/** Light, dark, or whatever the system is. */
export function themeChoice() {
  const chosen = localStorage.getItem(KEY) ?? "";
  const options = Object.entries(THEMES).map(([value, [words, name]]) => {
    const input = el("input", { type: "radio", name: "tema", value, "data-testid": `tema-${value || "sistema"}`, onchange: () => choose(value) });
    input.checked = value === chosen;
    return el("label", { class: "theme-option" }, input, icon(name), words);
  });
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
