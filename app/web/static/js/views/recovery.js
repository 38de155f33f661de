// @ts-check
import { el, fill } from "../lib/dom.js";
import { emailProblem, fieldOf, newPasswordProblem, onlyWrong } from "../models/credentials.js";
import { codeField, NO_CODE } from "./code_field.js";
import { emailField, passwordField, sayStrength } from "./credential_fields.js";
import { focusFirst } from "./field.js";
import { plainForm } from "./plain_form.js";
/** @import { App } from "../app.js" */
/** @import { ApiError } from "../lib/http.js" */

const DONE = "Senha trocada. Entre com a nova senha.";
/** Which of the two it is, the bank does not say. */
const ONE_IS_WRONG = "Um dos dois códigos não confere, já foi usado ou venceu. O do aplicativo muda a cada 30 segundos.";

/**
 * @typedef {object} Ways
 * @property {(email: string) => void} ask
 * @property {(email: string, said: string) => void} reset
 * @property {(said: string, email: string) => void} back to the login
 */

/**
 * For who forgot the password: a code by mail, and a new password with it. Nothing here tells whether the e-mail is known.
 * @param {App} app
 * @param {string} email as far as it was typed
 * @param {Ways["back"]} back
 */
export function recoveryView(app, email, back) {
  const node = el("div");
  /** @type {Ways} */
  const ways = {
    ask: (known) => {
      fill(node, askForm(app, known, ways));
      focusFirst(node);
    },
    reset: (known, said) => {
      fill(node, resetForm(app, known, said, ways));
      focusFirst(node);
    },
    back,
  };
  ways.ask(email);
  return node;
}

/**
 * @param {App} app
 * @param {string} known
 * @param {Ways} ways
 */
function askForm({ http }, known, { reset, back }) {
  const email = emailField(known);
  const typed = () => email.input.value.trim();
  const form = plainForm(
    {
      testid: "recuperar",
      fields: { email },
      verb: "Enviar código",
      problems: () => onlyWrong({ email: emailProblem(typed()) }),
      send: async () => reset(typed(), (await http.post("/senha/recuperar", { email: typed() })).mensagem),
    },
    el("h1", {}, "Criar uma nova senha"),
    el("p", {}, "Enviamos um código para o e-mail do seu cadastro."),
  );
  form.append(other("Já tenho um código", "recuperar-tenho", () => reset(typed(), "")), other("Voltar para entrar", "recuperar-voltar", () => back("", typed())));
  return form;
}

/**
 * @param {App} app
 * @param {string} known
 * @param {string} said
 * @param {Ways} ways
 */
function resetForm({ http }, known, said, { ask, back }) {
  const email = emailField(known);
  const code = codeField({ id: "codigo", testid: "redefinir-codigo", label: "Código do e-mail", hint: "Oito letras e números." });
  const password = passwordField({ isNew: true, label: "Nova senha", testid: "redefinir-senha" });
  sayStrength(password, () => [email.input.value]);
  /** @type {Record<string, import("./field.js").Field>} */
  const fields = { email, codigo: code, senha: password };
  /** @type {ReturnType<typeof codeField> | null} where the person has a second factor */
  let second = null;
  const send = async () => {
    const body = { email: email.input.value.trim(), codigo: code.code, nova: password.input.value };
    await http.post("/senha/redefinir", { ...body, ...(second ? { segundo_fator: second.code } : {}) });
    back(DONE, body.email);
  };
  const refused = (/** @type {ApiError} */ error) => {
    if (error.code === "segundo_fator") {
      second ??= codeField({ id: "segundo-fator", name: "segundo_fator", testid: "redefinir-segundo", label: "Código do segundo fator" });
      fields.segundo_fator = second;
      fields.senha.node.after(second.node);
      second.input.focus();
      return true;
    }
    if (error.code !== "codigo_incorreto" || !second) return false;
    second.fail(ONE_IS_WRONG);
    second.input.select();
    return true;
  };
  const form = plainForm(
    {
      testid: "redefinir",
      fields,
      verb: "Trocar a senha",
      problems: () =>
        onlyWrong({
          email: emailProblem(email.input.value),
          codigo: code.code ? "" : NO_CODE,
          senha: newPasswordProblem(password.input.value),
          segundo_fator: second && !second.code ? NO_CODE : "",
        }),
      send,
      refused,
      about: (error) => fieldOf(error.code, error.message).replace("nova", "senha"),
    },
    el("h1", {}, "Criar uma nova senha"),
    el("p", { class: "form-notice", role: "status", "data-testid": "redefinir-enviado" }, said),
  );
  form.append(other("Enviar outro código", "redefinir-outro", () => ask(email.input.value.trim())), other("Voltar para entrar", "redefinir-voltar", () => back("", email.input.value.trim())));
  return form;
}

/**
 * @param {string} words
 * @param {string} testid
 * @param {() => void} run
 */
function other(words, testid, run) {
  return el("p", { class: "arrival-other" }, el("button", { type: "button", class: "link", onclick: run, "data-testid": testid }, words));
}
