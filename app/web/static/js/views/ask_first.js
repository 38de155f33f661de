// @ts-check
import { el } from "../lib/dom.js";

/**
 * A question before something that is not easily undone.
 * @param {string} title
 * @param {string} text what will happen
 * @param {string} verb
 * @returns {Promise<boolean>} whether the person wants it
 */
export function askFirst(title, text, verb) {
  return new Promise((resolve) => {
    const close = (/** @type {string} */ answer) => () => dialog.close(answer);
    const dialog = el(
      "dialog",
      { "aria-labelledby": "pergunta-titulo" },
      el(
        "div",
        { class: "dialog" },
        el("h2", { id: "pergunta-titulo" }, title),
        el("p", {}, text),
        el(
          "div",
          { class: "actions" },
          el("button", { type: "button", class: "secondary outline", onclick: close("") }, "Cancelar"),
          el("button", { type: "button", "data-testid": "pergunta-sim", onclick: close("sim") }, verb),
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "sim");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
