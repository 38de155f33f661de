// @ts-check
import { el, fill, icon, setText } from "../lib/dom.js";
import { readCode } from "../models/code.js";
import { fieldOf, problems, withoutField } from "../models/credentials.js";
import { codeField, NO_CODE } from "./code_field.js";
import { emailField, passwordField, sayStrength } from "./credential_fields.js";
import { field, focusFirst, showProblems } from "./field.js";
/** @import { App } from "../app.js" */
/** @import { ApiError } from "../lib/http.js" */
/** @import { Field } from "./field.js" */

/** @typedef {{ registering?: boolean, said?: string, email?: string }} Shown `said`: why the person is here again */

/**
 * Logging in, registering and a new password in one place.
 * @param {App} app
 * @param {string} reason why the person is here again, if they are
 * @param {(title: string) => void} setTitle
 */
export function loginView(app, reason, setTitle) {
  const node = el("div");
  const show = (/** @type {Shown} */ shown) => {
    fill(node, form(app, shown, { show, forgot }));
    setTitle(shown.registering ? "Criar conta" : "Entrar");
  };
  const forgot = async (/** @type {string} */ email) => {
    const { recoveryView } = await import("./recovery.js");
    fill(node, recoveryView(app, email, (said, known) => (show({ said, email: known }), focusFirst(node))));
    setTitle("Criar uma nova senha");
    focusFirst(node);
  };
  show({ said: reason });
  return node;
}

/**
 * For whoever has a passkey, where that can be used.
 * @param {App} app
 * @param {HTMLElement} notice
 */
function passkeyWay(app, notice) {
  const button = el("button", { type: "button", class: "secondary outline arrival-passkey", hidden: true, "data-testid": "login-chave" }, "Entrar com chave de acesso");
  import("../lib/passkeys.js").then(
    async ({ enterByPasskey, passkeysHere }) => {
      button.addEventListener("click", async () => {
        notice.replaceChildren();
        button.disabled = true;
        const credentials = await enterByPasskey(app.http).catch((/** @type {Error} */ { message }) => {
          fill(notice, icon("circle-alert"), message);
        });
        button.disabled = false;
        if (credentials) app.session.open(credentials);
      });
      button.hidden = !(await passkeysHere(app.http));
    },
    () => {}, // without it the password is there
  );
  return button;
}

/**
 * @param {boolean} registering
 * @param {string} [email]
 * @returns {Record<string, Field>}
 */
function makeFields(registering, email) {
  const fields = { email: emailField(email), senha: passwordField({ isNew: registering }) };
  if (!registering) return fields;
  const name = el("input", { id: "nome", name: "nome", autocomplete: "name", required: true, "data-testid": "login-nome" });
  return { nome: field("Nome", name), ...fields };
}

/**
 * @param {App} app
 * @param {Shown} shown
 * @param {{ show: (shown: Shown) => void, forgot: (email: string) => void }} ways
 */
function form(app, { registering = false, said = "", email }, { show, forgot }) {
  const fields = makeFields(registering, email);
  const notice = el("p", { class: "form-notice", role: "alert", "data-testid": "login-aviso" }, said);
  const submit = el("button", { type: "submit", "data-testid": registering ? "registro-enviar" : "login-entrar" });
  setText(submit, registering ? "Criar conta" : "Entrar");
  if (registering) sayStrength(fields.senha, () => [fields.nome.input.value, fields.email.input.value]);
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const values = Object.fromEntries(Object.entries(fields).map(([name, each]) => [name, each.input.value]));
    if (showProblems(fields, problemsOf(values, registering))) return;
    notice.replaceChildren();
    submit.setAttribute("aria-busy", "true");
    submit.disabled = true;
    const credentials = await arrive(app, registering, values).catch((error) => showRefusal(error, fields, notice));
    submit.removeAttribute("aria-busy");
    submit.disabled = false;
    if (credentials) app.session.open(credentials);
  };
  const link = (/** @type {string} */ words, /** @type {string} */ testid, /** @type {() => void} */ run) =>
    el("button", { type: "button", class: "link", onclick: run, "data-testid": testid }, words);
  return el(
    "form",
    { novalidate: true, onsubmit: send, "data-testid": registering ? "registro" : "login" },
    el("h1", {}, registering ? "Criar sua conta" : "Entrar"),
    notice,
    ...Object.values(fields).map((each) => each.node),
    submit,
    registering ? null : passkeyWay(app, notice),
    registering ? null : el("p", { class: "arrival-other" }, link("Esqueci minha senha", "login-esqueci", () => forgot(fields.email.input.value))),
    el(
      "p",
      { class: "arrival-other" },
      registering ? "Já tem conta? " : "Ainda não tem conta? ",
      link(registering ? "Entrar" : "Criar conta", "login-alternar", () => show({ registering: !registering })),
    ),
    el("p", { class: "arrival-other" }, el("a", { href: "#/verificar" }, "Verificar um comprovante")),
  );
}

/**
 * @param {Record<string, string>} values
 * @param {boolean} registering
 */
function problemsOf(values, registering) {
  const found = problems(/** @type {any} */ (values), { registering });
  if (values.codigo !== undefined && readCode(values.codigo) === "") found.codigo = NO_CODE;
  return found;
}

/**
 * @param {App} app
 * @param {boolean} registering
 * @param {Record<string, string>} values
 * @returns {Promise<import("../types/wire.js").Credentials>}
 */
function arrive(app, registering, { codigo, email, ...values }) {
  const code = codigo === undefined ? {} : { codigo: readCode(codigo) };
  return app.http.post(registering ? "/registro" : "/login", { ...values, email: email.trim(), ...code });
}

/**
 * @param {ApiError} error
 * @param {Record<string, Field>} fields
 * @param {HTMLElement} notice
 */
function showRefusal(error, fields, notice) {
  if (error.code === "segundo_fator") return askCode(fields);
  const name = fieldOf(error.code, error.message);
  if (fields[name]) showProblems(fields, { [name]: withoutField(error.message) });
  else fill(notice, icon("circle-alert"), error.message);
}

/**
 * The password was right. The code goes with it in the same form, so that both are sent together.
 * @param {Record<string, Field>} fields
 */
function askCode(fields) {
  const hint = "Este aparelho é novo para a sua conta. Digite o código do aplicativo, ou um código de recuperação.";
  fields.codigo = codeField({ id: "codigo", testid: "login-codigo", hint });
  fields.senha.node.after(fields.codigo.node);
  fields.codigo.input.focus();
}
