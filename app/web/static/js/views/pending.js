// @ts-check
import { el, icon, setText } from "../lib/dom.js";
import { navigate } from "../lib/router.js";
import { toast } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */

/**
 * An operation whose answer got lost, in a reload or on the network: ask again under the same key.
 * @param {App} app
 * @param {Scope} scope
 */
export function pendingView({ operations }, scope) {
  const text = el("span");
  const resume = async () => {
    const answer = await operations.resume().catch((error) => toast({ title: "Ainda sem resposta", text: error.message, kind: "erro" }));
    if (answer) navigate(`comprovante/${answer.operacao_id}`);
  };
  const node = el(
    "section",
    { class: "pending", role: "alert", hidden: true, "data-testid": "operacao-pendente" },
    icon("triangle-alert"),
    el("p", {}, el("b", {}, "Ficou sem resposta: "), text, ". Concluir não paga duas vezes."),
    el("button", { type: "button", onclick: resume, "data-testid": "pendente-concluir" }, "Concluir"),
    el("button", { type: "button", class: "secondary outline", onclick: () => operations.forget(), "data-testid": "pendente-esquecer" }, "Não repetir"),
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
