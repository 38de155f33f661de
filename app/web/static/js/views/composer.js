// @ts-check
import { el, icon, setText } from "../lib/dom.js";
import { COUNT_FROM, lengthOf, TEXT_MAX } from "../models/message_text.js";
import { toast } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @import { Message } from "../types/wire.js" */

/** With a mouse at hand there is a keyboard too: Enter sends. On a telephone it is how a line ends. */
const desk = matchMedia("(pointer: fine)");

/**
 * Where a message is written, and an own one is changed.
 * @param {App} app
 * @param {number} other
 * @param {Scope} scope
 */
export function composer(app, other, scope) {
  const { chat, here } = app;
  const input = el("textarea", { id: "texto", rows: "1", "aria-label": "Mensagem", placeholder: "Mensagem", dir: "auto", "aria-describedby": "texto-contagem", "data-testid": "mensagem-texto" });
  const count = el("span", { id: "texto-contagem", class: "composer-count", "data-testid": "mensagem-contagem" });
  const send = el("button", { type: "submit", class: "composer-send", "data-testid": "mensagem-enviar" }, icon("send"), el("span", { class: "sr-only" }, "Enviar"));
  const cancel = el("button", { type: "button", class: "link", "data-testid": "edicao-cancelar" }, "Cancelar");
  const editing = el("p", { class: "composer-editing", hidden: true }, icon("pencil"), "Editando a mensagem", cancel);
  const refused = el("p", { class: "empty", hidden: true, "data-testid": "conversa-fechada" }, "Vocês não são contatos agora, e por isso não podem conversar.");
  const form = el("form", { class: "composer" }, editing, el("div", { class: "composer-row" }, input, send), count);
  const node = el("div", { class: "composer-box" }, form, refused);
  /** @type {Message | null} */
  let changed = null;

  const update = () => {
    const length = lengthOf(input.value);
    const over = length > TEXT_MAX;
    send.disabled = length === 0 || over;
    input.setAttribute("aria-invalid", String(over));
    const left = TEXT_MAX - length;
    setText(count, length < COUNT_FROM ? "" : over ? `${-left} caracteres a mais` : `Restam ${left} caracteres`);
    count.classList.toggle("out", over);
    grow(input);
  };
  const become = (/** @type {Message | null} */ message, /** @type {string} */ text) => {
    changed = message;
    editing.hidden = message === null;
    input.value = text;
    update();
    input.focus();
  };
  const stopEditing = () => become(null, here.kept("texto") ?? "");
  const submit = async () => {
    const text = input.value.trim().normalize("NFC");
    if (send.disabled) return;
    if (changed) {
      const { mensagem_id } = changed;
      stopEditing();
      await chat.edit(mensagem_id, text).catch((error) => toast({ title: "A mensagem não foi alterada", text: error.message, kind: "erro" }));
      return;
    }
    if (chat.outbox.isFull) return toast({ title: "Há mensagens demais esperando", text: "Espere que a conexão volte.", kind: "erro" });
    chat.write(other, text);
    here.keep("texto", null);
    become(null, "");
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  cancel.addEventListener("click", stopEditing);
  input.addEventListener("input", () => {
    update();
    if (changed) return;
    here.keep("texto", input.value);
    if (input.value.trim()) chat.writing(other);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && changed) stopEditing();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !desk.matches) return;
    event.preventDefault();
    submit();
  });
  input.value = here.kept("texto") ?? "";
  update();
  // Once it is on the page; on a telephone it would call up the keyboard.
  if (desk.matches) queueMicrotask(() => !scope.disposed && input.isConnected && input.focus({ preventScroll: true }));
  const allow = (/** @type {boolean} */ may) => {
    form.hidden = !may;
    refused.hidden = may;
  };
  return { node, allow, edit: (/** @type {Message} */ message) => become(message, message.texto) };
}

/** As high as its text, where the browser does not do that by itself. @param {HTMLTextAreaElement} input */
function grow(input) {
  if (CSS.supports("field-sizing", "content")) return;
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight}px`;
}
