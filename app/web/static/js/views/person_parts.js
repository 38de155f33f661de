// @ts-check
import { makeContacts } from "../lib/contacts.js";
import { el } from "../lib/dom.js";
import { toast } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { PersonPayload } from "../types/wire.js" */

/**
 * @param {App} app
 * @param {PersonPayload} person
 */
export function starButton(app, { usuario_id: id, nome, favorito }) {
  const button = el(
    "button",
    { type: "button", class: "ghost star", "aria-pressed": String(favorito), "aria-label": `Favorito: ${nome}`, "data-testid": "favorito", "data-key": `favorito-${id}` },
    el("span", { "aria-hidden": "true" }, favorito ? "★" : "☆"),
  );
  button.addEventListener("click", () => attempt(button, () => app.part(makeContacts).favourite(id, !favorito)));
  return button;
}

/** @type {WeakSet<HTMLButtonElement>} */
const running = new WeakSet();

/**
 * Once at a time; why it did not work is told. Where the button is gone afterwards, the page's title has the focus.
 * It is not disabled meanwhile, since it would lose the focus.
 * @param {HTMLButtonElement} button
 * @param {() => Promise<unknown>} run
 */
export async function attempt(button, run) {
  if (running.has(button)) return;
  running.add(button);
  try {
    await run();
    if (document.activeElement === document.body) focusTitle();
  } catch (error) {
    toast({ title: "Não deu certo", text: /** @type {Error} */ (error).message, kind: "erro" });
  } finally {
    running.delete(button);
  }
}

function focusTitle() {
  const title = /** @type {HTMLElement | null} */ (document.querySelector("main h1"));
  if (!title) return;
  title.tabIndex = -1;
  title.focus({ preventScroll: true });
}
