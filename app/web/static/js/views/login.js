// @ts-check
import { el, fill, icon, setText } from "../lib/dom.js";
import { fieldOf, problems, strength, withoutField } from "../models/credentials.js";
import { field, showProblems } from "./field.js";
/** @import { App } from "../app.js" */
/** @import { ApiError } from "../lib/http.js" */

/**
 * Logging in and registering in one place.
 * @param {App} app
 * @param {string} reason why the person is here again, if they are
 * @param {(title: string) => void} setTitle
 */
export function loginView(app, reason, setTitle) {
  const node = el("div");
  const show = (/** @type {boolean} */ registering, /** @type {string} */ said) => {
    fill(node, form(app, registering, said, () => show(!registering, "")));
    setTitle(registering ? "Criar conta" : "Entrar");
  };
  show(false, reason);
  return node;
}

/**
 * @param {boolean} registering
 */
function makeFields(registering) {
  const password = el("input", {
    id: "senha",
    name: "senha",
    type: "password",
    autocomplete: registering ? "new-password" : "current-password",
    required: true,
    "data-testid": "login-senha",
  });
  const email = el("input", {
    id: "email",
    name: "email",
    type: "email",
    autocomplete: "username",
    inputmode: "email",
    autocapitalize: "none",
    spellcheck: "false",
    required: true,
    "data-testid": "login-email",
  });
  const name = el("input", { id: "nome", name: "nome", autocomplete: "name", required: true, "data-testid": "login-nome" });
  const fields = {
    email: field("E-mail", email),
    senha: field("Senha", password, { after: reveal(password) }),
  };
  return registering ? { nome: field("Nome", name), ...fields } : fields;
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
 * @param {App} app
 * @param {boolean} registering
 * @param {string} said
 * @param {() => void} other shows the other form
 */
function form(app, registering, said, other) {
  const fields = makeFields(registering);
  const notice = el("p", { class: "form-notice", role: "alert", "data-testid": "login-aviso" }, said);
  const submit = el("button", { type: "submit", "data-testid": registering ? "registro-enviar" : "login-entrar" });
  setText(submit, registering ? "Criar conta" : "Entrar");
  if (registering) sayStrength(fields);
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const values = Object.fromEntries(Object.entries(fields).map(([name, each]) => [name, each.input.value]));
    if (showProblems(fields, problems(/** @type {any} */ (values), { registering }))) return;
    submit.setAttribute("aria-busy", "true");
    submit.disabled = true;
    const credentials = await arrive(app, registering, values).catch((error) => showRefusal(error, fields, notice));
    submit.removeAttribute("aria-busy");
    submit.disabled = false;
    if (credentials) app.session.open(credentials);
  };
  return el(
    "form",
    { novalidate: true, onsubmit: send, "data-testid": registering ? "registro" : "login" },
    el("h1", {}, registering ? "Criar sua conta" : "Entrar"),
    notice,
    ...Object.values(fields).map((each) => each.node),
    submit,
    el(
      "p",
      { class: "arrival-other" },
      registering ? "Já tem conta? " : "Ainda não tem conta? ",
      el("button", { type: "button", class: "link", onclick: other, "data-testid": "login-alternar" }, registering ? "Entrar" : "Criar conta"),
    ),
    el("p", { class: "arrival-other" }, el("a", { href: "#/verificar" }, "Verificar um comprovante")),
  );
}

/** @param {ReturnType<typeof makeFields>} fields */
function sayStrength(fields) {
  const { senha, email, nome } = /** @type {Record<string, import("./field.js").Field>} */ (fields);
  senha.hint.setAttribute("role", "status");
  senha.hint.dataset.testid = "senha-forca";
  senha.input.addEventListener("input", () => {
    const { level, words } = strength(senha.input.value, [nome.input.value, email.input.value]);
    senha.hint.dataset.level = String(level);
    setText(senha.hint, words);
  });
}

/**
 * @param {App} app
 * @param {boolean} registering
 * @param {Record<string, string>} values
 * @returns {Promise<import("../types/wire.js").Credentials>}
 */
function arrive(app, registering, values) {
  return app.http.post(registering ? "/registro" : "/login", { ...values, email: values.email.trim() });
}

/**
 * @param {ApiError} error
 * @param {Record<string, import("./field.js").Field>} fields
 * @param {HTMLElement} notice
 */
function showRefusal(error, fields, notice) {
  const name = fieldOf(error.code, error.message);
  if (fields[name]) showProblems(fields, { [name]: withoutField(error.message) });
  else fill(notice, icon("circle-alert"), error.message);
}
