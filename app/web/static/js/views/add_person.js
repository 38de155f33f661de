// @ts-check
import { makeContacts } from "../lib/contacts.js";
import { el } from "../lib/dom.js";
import { field, showProblems } from "./field.js";
import { toast } from "./toasts.js";
/** @import { App } from "../app.js" */

/**
 * Asks for an e-mail, and asks whoever has it to be a contact.
 * @param {App} app
 */
export function addPerson(app) {
  const input = el("input", { id: "pessoa-email", name: "email", type: "email", inputmode: "email", autocomplete: "off", maxlength: 254, "data-testid": "pessoa-email" });
  const hint = "O e-mail exato com que a pessoa entra no banco. Ela recebe o seu pedido e decide; você só fica sabendo se ela aceitar.";
  const fields = { email: field("E-mail da pessoa", input, { hint }) };
  const close = el("button", { type: "button", class: "secondary outline", onclick: () => dialog.close() }, "Cancelar");
  const submit = el("button", { type: "submit", "data-testid": "pessoa-pedir" }, "Enviar pedido");
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const email = input.value.trim();
    if (showProblems(fields, email.includes("@") ? {} : { email: "Digite um e-mail." })) return;
    submit.disabled = true;
    try {
      const text = await app.part(makeContacts).askEmail(email);
      dialog.close();
      toast({ title: "Pedido enviado", text, kind: "ok" });
    } catch (error) {
      submit.disabled = false;
      showProblems(fields, { email: /** @type {Error} */ (error).message });
    }
  };
  const dialog = el(
    "dialog",
    { "aria-labelledby": "pessoa-nova-titulo", onclose: () => dialog.remove() },
    el(
      "form",
      { class: "dialog", novalidate: true, onsubmit: send },
      el("h2", { id: "pessoa-nova-titulo" }, "Adicionar pessoa"),
      fields.email.node,
      el("div", { class: "actions" }, close, submit),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}
