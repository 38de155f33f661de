// @ts-check
import { el, icon, setText } from "../lib/dom.js";
import { makeOperations } from "../lib/operations.js";
import { navigate } from "../lib/router.js";
import { isSettled } from "../models/pending.js";
import { receiptPath } from "../models/statement.js";
import { approvedHere } from "./code_dialog.js";
import { toast } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { ApiError } from "../lib/http.js" */
/** @import { Scope } from "../lib/scope.js" */

/**
 * An operation whose answer got lost, in a reload or on the network: ask again under the same key.
 * @param {App} app
 * @param {Scope} scope
 */
export function pendingView(app, scope) {
  const operations = app.part(makeOperations);
  const text = el("span");
  const resume = async () => {
    const from = location.hash;
    const answer = await operations.resume(approvedHere(scope)).catch((error) => {
      if (!scope.disposed) toast(refusal(error));
    });
    if (answer && !scope.disposed && location.hash === from) navigate(receiptPath(answer.movimentacao));
  };
  const node = el(
    "section",
    { class: "pending", role: "alert", hidden: true, "data-testid": "operacao-pendente" },
    icon("triangle-alert"),
    el("p", {}, el("b", {}, "Ficou sem resposta: "), text, ". Concluir não paga duas vezes. Descartar não desfaz: se o banco já fez a operação, ela está no extrato."),
    el("button", { type: "button", onclick: resume, "data-testid": "pendente-concluir" }, "Concluir"),
    el("button", { type: "button", class: "secondary outline", onclick: () => operations.forget(), "data-testid": "pendente-esquecer" }, "Descartar"),
  );
  const update = () => {
    const pending = operations.inDoubt;
    node.hidden = pending === null;
    if (pending) setText(text, pending.summary);
  };
  scope.add(operations.on("change", update));
  update();
  return node;
}

/** @param {ApiError} error */
function refusal({ status, code, message }) {
  return { title: isSettled(status, code) ? "A operação não foi feita" : "Ainda sem resposta", text: message, kind: "erro" };
}
