// @ts-check
import { makeChatActions } from "../lib/chat_actions.js";
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
 * @param {{ scope: Scope, first: boolean, written: () => void }} options `first`: it is what the page is for, and begins with
 *   the focus; `written`: a message is on its way
 */
export function composer(app, other, { scope, first, written }) {
  const { here } = app;
  const chat = app.part(makeChatActions);
  const { node, form, input, send, cancel, editing, refused, update } = composerParts();
  /** @type {Message | null} */
  let changed = null;
  const become = (/** @type {Message | null} */ message, /** @type {string} */ text) => {
    changed = message;
    editing.hidden = message === null;
    input.value = text;
    update();
    input.focus();
  };
  const stopEditing = () => become(null, here.kept("texto") ?? "");
  const submit = () => {
    const text = input.value.trim().normalize("NFC");
    if (send.disabled) return;
    if (changed) {
      change(app, changed, text);
      stopEditing();
    } else if (chat.outbox.isFull) toast({ title: "Há mensagens demais esperando", text: "Espere que a conexão volte.", kind: "erro" });
    else {
      chat.write(other, text);
      here.keep("texto", null);
      become(null, "");
      written();
    }
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
  if (first && desk.matches) queueMicrotask(() => !scope.disposed && input.isConnected && input.focus({ preventScroll: true }));
  const allow = (/** @type {boolean} */ may) => {
    form.hidden = !may;
    refused.hidden = may;
  };
  return { node, allow, edit: (/** @type {Message} */ message) => become(message, message.texto) };
}

/**
 * @param {App} app
 * @param {Message} message
 * @param {string} text
 */
function change(app, { mensagem_id }, text) {
  app.part(makeChatActions).edit(mensagem_id, text).catch((error) => toast({ title: "A mensagem não foi alterada", text: error.message, kind: "erro" }));
}

/** The field and what is around it; `update` says what is to be said of the text in it. */
function composerParts() {
  const input = el("textarea", { id: "texto", rows: "1", "aria-label": "Mensagem", placeholder: "Mensagem", dir: "auto", "aria-describedby": "texto-contagem", "data-testid": "mensagem-texto" });
  const count = el("span", { id: "texto-contagem", class: "composer-count", "data-testid": "mensagem-contagem" });
  const send = el("button", { type: "submit", class: "composer-send", "data-testid": "mensagem-enviar" }, icon("send"), el("span", { class: "sr-only" }, "Enviar"));
  const cancel = el("button", { type: "button", class: "link", "data-testid": "edicao-cancelar" }, "Cancelar");
  const editing = el("p", { class: "composer-editing", hidden: true }, icon("pencil"), "Editando a mensagem", cancel);
  const refused = el("p", { class: "empty", hidden: true, "data-testid": "conversa-fechada" }, "Vocês não são contatos agora, e por isso não podem conversar.");
  const form = el("form", { class: "composer" }, editing, el("div", { class: "composer-row" }, input, send), count);
  const update = () => {
    const left = TEXT_MAX - lengthOf(input.value);
    send.disabled = left === TEXT_MAX || left < 0;
    input.setAttribute("aria-invalid", String(left < 0));
    setText(count, countText(left));
    count.classList.toggle("out", left < 0);
    grow(input);
  };
  return { node: el("div", { class: "composer-box" }, form, refused), form, input, send, cancel, editing, refused, update };
}

/** @param {number} left characters that may still be written */
function countText(left) {
  if (left > TEXT_MAX - COUNT_FROM) return "";
  const characters = Math.abs(left) === 1 ? "1 caractere" : `${Math.abs(left)} caracteres`;
  if (left < 0) return `${characters} a mais`;
  return left === 1 ? `Resta ${characters}` : `Restam ${characters}`;
}

/** As high as its text, where the browser does not do that by itself. @param {HTMLTextAreaElement} input */
function grow(input) {
  if (CSS.supports("field-sizing", "content")) return;
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight}px`;
}
