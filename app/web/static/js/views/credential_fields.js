// @ts-check
import { el, setText } from "../lib/dom.js";
import { strength } from "../models/credentials.js";
import { field } from "./field.js";
/** @import { Field } from "./field.js" */

/** @param {string} [value] */
export function emailField(value = "") {
  const input = el("input", {
    id: "email",
    name: "email",
    type: "email",
    autocomplete: "username",
    inputmode: "email",
    autocapitalize: "none",
    spellcheck: "false",
    required: true,
    value,
    "data-testid": "login-email",
  });
  return field("E-mail", input);
}

/**
 * @param {{ isNew?: boolean, id?: string, label?: string, testid?: string }} [options]
 */
export function passwordField({ isNew = false, id = "senha", label = "Senha", testid = "login-senha" } = {}) {
  const input = el("input", {
    id,
    name: id,
    type: "password",
    autocomplete: isNew ? "new-password" : "current-password",
    required: true,
    "data-testid": testid,
  });
  return field(label, input, { after: reveal(input) });
}

/** @param {HTMLInputElement} password */
function reveal(password) {
  const button = el("button", { type: "button", class: "ghost", "aria-pressed": "false", "aria-controls": password.id }, "Mostrar");
  button.addEventListener("click", () => {
    const shown = password.type === "password";
    password.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    setText(button, shown ? "Ocultar" : "Mostrar");
  });
  return button;
}

/**
 * Says, while a new password is typed, how hard it is to guess.
 * @param {Field} password
 * @param {() => string[]} known what anybody could try first: the name, the e-mail
 */
export function sayStrength(password, known) {
  password.hint.setAttribute("role", "status");
  password.hint.dataset.testid = "senha-forca";
  password.input.addEventListener("input", () => {
    const { level, words } = strength(password.input.value, known());
    password.hint.dataset.level = String(level);
    setText(password.hint, words);
  });
}
