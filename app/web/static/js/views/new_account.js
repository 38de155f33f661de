// @ts-check
import { el } from "../lib/dom.js";
import { field, showProblems } from "./field.js";
/** @import { App } from "../app.js" */

/**
 * Asks for a name and opens one more account.
 * @param {App} app
 */
export function newAccount(app) {
  const input = el("input", { id: "conta-nome", name: "nome", autocomplete: "off", maxlength: 80, "data-testid": "conta-nome" });
  const fields = { nome: field("Nome da conta", input, { hint: "Por exemplo: Reserva, Viagem, Casa." }) };
  const close = el("button", { type: "button", class: "secondary outline", onclick: () => dialog.close() }, "Cancelar");
  const submit = el("button", { type: "submit", "data-testid": "conta-abrir" }, "Abrir conta");
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const nome = input.value.trim();
    if (showProblems(fields, nome ? {} : { nome: "Dê um nome à conta." })) return;
    submit.disabled = true;
    try {
      await app.http.post("/correntistas", { nome });
      dialog.close();
      await app.loader.load();
    } catch (error) {
      submit.disabled = false;
      showProblems(fields, { nome: /** @type {Error} */ (error).message });
    }
  };
  const dialog = el(
    "dialog",
    { "aria-labelledby": "conta-nova-titulo", onclose: () => dialog.remove() },
    el(
      "form",
      { class: "dialog", novalidate: true, onsubmit: send },
      el("h2", { id: "conta-nova-titulo" }, "Nova conta"),
      fields.nome.node,
      el("div", { class: "actions" }, close, submit),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}
