// @ts-check
import { makeChatActions } from "../lib/chat_actions.js";
import { el, icon } from "../lib/dom.js";
import { isChangeable } from "../models/message_text.js";
import { field, showProblems } from "./field.js";
import { toast } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @import { Message } from "../types/wire.js" */

const REASON_MAX = 200;

/**
 * Goes with the page that it belongs to.
 * @param {string} title
 * @param {Scope} scope
 * @param {...(Node | null)} content
 */
export function openDialog(title, scope, ...content) {
  const dialog = el(
    "dialog",
    { "aria-labelledby": "dialogo-titulo", onclose: () => dialog.remove() },
    el("div", { class: "dialog" }, el("h2", { id: "dialogo-titulo" }, title), ...content.filter((each) => each !== null)),
  );
  scope.add(() => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** @param {Error} error */
const told = (error) => toast({ title: "Não deu certo", text: error.message, kind: "erro" });

/**
 * What can be done with a message.
 * @param {App} app
 * @param {number} other
 * @param {Message} message
 * @param {{ scope: Scope, edit: (message: Message) => void }} options
 */
export function messageOptions(app, other, message, { scope, edit }) {
  const mayChange = isChangeable(message, app.chat.me);
  const option = (/** @type {string} */ name, /** @type {string} */ picture, /** @type {string} */ words, /** @type {() => void} */ run) =>
    el("button", { type: "button", class: "secondary outline", "data-testid": `opcao-${name}`, onclick: () => (dialog.close(), run()) }, icon(picture), words);
  const copy = () => void navigator.clipboard?.writeText(message.texto).then(() => toast({ title: "Mensagem copiada", kind: "ok" }), told);
  const dialog = openDialog(
    "Mensagem",
    scope,
    el(
      "div",
      { class: "dialog-options" },
      message.texto ? option("copiar", "copy", "Copiar o texto", copy) : null,
      mayChange ? option("editar", "pencil", "Editar", () => edit(message)) : null,
      mayChange ? option("apagar", "trash-2", "Apagar para vocês dois", () => app.part(makeChatActions).erase(message.mensagem_id).catch(told)) : null,
      message.de === other ? option("denunciar", "flag", "Denunciar", () => reportDialog(app, other, scope, message.mensagem_id)) : null,
      el("button", { type: "button", onclick: () => dialog.close() }, "Fechar"),
    ),
  );
}

/**
 * @param {App} app
 * @param {number} other
 * @param {Scope} scope
 * @param {number} [message]
 */
export function reportDialog(app, other, scope, message) {
  const input = el("input", { id: "motivo", name: "motivo", autocomplete: "off", maxlength: REASON_MAX, "data-testid": "denuncia-motivo" });
  const fields = { motivo: field("O que aconteceu", input, { hint: "O banco recebe o que você escrever e, de uma mensagem, o texto dela. A pessoa não fica sabendo." }) };
  const submit = el("button", { type: "submit", "data-testid": "denuncia-enviar" }, "Denunciar");
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const motivo = input.value.trim();
    if (showProblems(fields, motivo ? {} : { motivo: "Conte em poucas palavras." })) return;
    submit.disabled = true;
    try {
      await app.part(makeChatActions).report(other, motivo, message);
      dialog.close();
      toast({ title: "Denúncia enviada", text: "Obrigado por avisar.", kind: "ok" });
    } catch (error) {
      submit.disabled = false;
      showProblems(fields, { motivo: /** @type {Error} */ (error).message });
    }
  };
  const close = el("button", { type: "button", class: "secondary outline", onclick: () => dialog.close() }, "Cancelar");
  const form = el("form", { novalidate: true, onsubmit: send }, fields.motivo.node, el("div", { class: "actions" }, close, submit));
  const dialog = openDialog(message ? "Denunciar a mensagem" : "Denunciar a pessoa", scope, form);
}
