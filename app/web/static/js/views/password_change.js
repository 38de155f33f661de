// @ts-check
import { el, setText } from "../lib/dom.js";
import { newPasswordProblem, NO_PASSWORD, onlyWrong } from "../models/credentials.js";
import { passwordField, sayStrength } from "./credential_fields.js";
import { plainForm } from "./plain_form.js";
/** @import { App } from "../app.js" */

const DONE = "Senha trocada. As outras sessões foram encerradas.";

/** @param {App} app */
export function passwordChange({ http, session }) {
  const { email = "", nome = "" } = session.user ?? {};
  const current = passwordField({ id: "senha-atual", label: "Senha atual", testid: "senha-atual" });
  const next = passwordField({ isNew: true, id: "senha-nova", label: "Nova senha", testid: "senha-nova" });
  sayStrength(next, () => [nome, email]);
  const status = el("p", { class: "soft security-said", role: "status", "data-testid": "senha-estado" });
  const send = async () => {
    setText(status, "");
    await http.post("/senha", { atual: current.input.value, nova: next.input.value });
    form.reset();
    setText(next.hint, "");
    setText(status, DONE);
  };
  const form = plainForm(
    {
      testid: "trocar-senha",
      label: "Trocar a senha",
      fields: { atual: current, nova: next },
      verb: "Trocar a senha",
      problems: () => onlyWrong({ atual: current.input.value ? "" : NO_PASSWORD, nova: newPasswordProblem(next.input.value) }),
      send,
      about: ({ code, message }) => (code === "senha_incorreta" ? "atual" : /^(senha|nova): /.test(message) ? "nova" : ""),
    },
    userName(email),
  );
  return el("section", { class: "panel", "aria-labelledby": "senha-titulo" }, el("h2", { id: "senha-titulo" }, "Senha"), el("p", { class: "soft" }, "Trocar a senha encerra as outras sessões."), form, status);
}

/**
 * Whose password it is, for a password manager.
 * @param {string} email
 */
export const userName = (email) => el("input", { type: "text", name: "email", autocomplete: "username", value: email, readonly: true, hidden: true });
