// @ts-check
import { approving, mayTryAgain, noCode } from "../lib/approval.js";
import { el, setText } from "../lib/dom.js";
import { codeField, NO_CODE } from "./code_field.js";
/** @import { ApiError } from "../lib/http.js" */
/** @import { Scope } from "../lib/scope.js" */

/**
 * Asks for a code over the page, where an amount needs one; all that was typed stays behind it. It goes with its page:
 * what is on its way then still ends as the bank says.
 * @param {Scope} scope
 */
export const approvedHere = (scope) => approving((attempt) => askCode(scope, attempt));

/**
 * @template Answer
 * @param {Scope} scope
 * @param {(code: string) => Promise<Answer>} attempt
 * @returns {Promise<Answer>}
 */
function askCode(scope, attempt) {
  return new Promise((resolve, reject) => {
    const { dialog, form, code, busy } = codeDialog();
    let sending = false;
    let left = false;
    const leave = () => {
      left = true;
      dialog.remove();
      if (!sending) reject(noCode());
    };
    const failed = (/** @type {ApiError} */ error) => {
      sending = false;
      busy(false);
      if (!mayTryAgain(error)) reject(error);
      else if (left) reject(noCode());
      else {
        code.fail(error.message);
        return code.input.select();
      }
      dialog.close();
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (code.code === "") return code.fail(NO_CODE);
      sending = true;
      busy(true);
      attempt(code.code).then((answer) => (resolve(answer), dialog.close()), failed);
    });
    dialog.addEventListener("cancel", (event) => sending && event.preventDefault());
    dialog.addEventListener("close", leave);
    scope.add(leave);
    document.body.append(dialog);
    dialog.showModal();
  });
}

function codeDialog() {
  const code = codeField({ id: "aprovar-codigo", testid: "aprovar-codigo" });
  const submit = el("button", { type: "submit", "data-testid": "aprovar-enviar" }, "Confirmar");
  const cancel = el("button", { type: "button", class: "secondary outline", onclick: () => dialog.close(), "data-testid": "aprovar-cancelar" }, "Cancelar");
  const form = el(
    "form",
    { class: "dialog", novalidate: true },
    el("h2", { id: "aprovar-titulo" }, "Confirme com um código"),
    el("p", {}, "Você escolheu confirmar valores altos com o segundo fator."),
    code.node,
    el("div", { class: "actions" }, cancel, submit),
  );
  const dialog = el("dialog", { "aria-labelledby": "aprovar-titulo", "data-testid": "aprovar" }, form);
  const busy = (/** @type {boolean} */ on) => {
    submit.disabled = cancel.disabled = on;
    setText(submit, on ? "Enviando…" : "Confirmar");
  };
  return { dialog, form, code, busy };
}
