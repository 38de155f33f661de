// @ts-check
import { el, icon, setText } from "../lib/dom.js";
import { makePush } from "../lib/push.js";
/** @import { App } from "../app.js" */
/** @import { PushState } from "../lib/push.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @import { Preferences } from "../types/wire.js" */
/** @import { Part, Save } from "./preferences.js" */

/** @type {Record<PushState, string>} */
const EXPLAINED = {
  desconhecido: "Verificando este navegador…",
  sem_suporte: "Este navegador não recebe avisos com a página fechada. No iPhone e no iPad, instale o Saldo Vivo na tela de início e abra por lá.",
  indisponivel: "O banco não envia avisos com a página fechada no momento.",
  bloqueado:
    "O navegador está bloqueando os avisos deste site. Abra as informações do site, ao lado do endereço, permita as notificações e recarregue a página.",
  desligado: "Com a página fechada, este aparelho não avisa nada. Ao ligar, o navegador pergunta se você permite.",
  ligado: "Com a página fechada, este aparelho avisa do que acontece na sua conta. Ao sair da conta, ele para de avisar.",
};

/**
 * Whether this device is told while no page is open, and what may be read on its screen.
 * @param {App} app
 * @param {Save} save
 * @param {Scope} scope
 * @returns {Part}
 */
export function pushPart(app, save, scope) {
  const push = app.part(makePush);
  const text = el("p", { role: "status", "data-testid": "push-estado" });
  const refused = el("p", { class: "field-error", role: "alert", "data-testid": "push-erro" });
  const words = el("span");
  const button = el("button", { type: "button", class: "secondary outline", "data-testid": "push-ligar" }, icon("smartphone"), words);
  const amounts = el("input", { type: "checkbox", role: "switch", id: "push-valores", "data-testid": "push-valores" });
  const update = () => {
    setText(text, EXPLAINED[push.state]);
    text.dataset.estado = push.state;
    button.hidden = !["ligado", "desligado"].includes(push.state);
    setText(words, push.state === "ligado" ? "Desligar neste aparelho" : "Ligar neste aparelho");
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    setText(refused, "");
    await (push.state === "ligado" ? push.turnOff() : push.turnOn()).catch((error) => setText(refused, error.message));
    button.disabled = false;
  });
  amounts.addEventListener("change", () => {
    const named = amounts.checked;
    save((draft) => (draft.push_valores = named));
  });
  scope.add(push.on("change", update));
  // What the browser allows may have been changed in another window.
  scope.listen(document, "visibilitychange", () => document.hidden || push.check());
  push.check();
  update();
  const node = el(
    "section",
    { class: "panel", "aria-labelledby": "com-a-pagina-fechada" },
    el("h2", { id: "com-a-pagina-fechada" }, "Com a página fechada"),
    text,
    button,
    refused,
    el("label", { class: "switch push-amounts", for: "push-valores" }, amounts, "Mostrar valores nesses avisos"),
    el("small", { class: "soft" }, "Sem isto eles dizem o que aconteceu, mas não quanto. Vale para todos os seus aparelhos."),
  );
  return { node, show: (/** @type {Preferences} */ { push_valores }) => void (amounts.checked = push_valores) };
}
