// @ts-check
import { newKey } from "../app.js";
import { el, setText } from "../lib/dom.js";
import { field } from "./field.js";
/** @import { App } from "../app.js" */

/**
 * What an administrator does, each with a code of its own, since a code is good once.
 * @param {App} app
 */
export function panelActions(app) {
  const code = el("input", { id: "painel-codigo", name: "codigo", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 40, "data-testid": "painel-codigo" });
  const codeField = field("Código do segundo fator", code, { hint: "Cada ação pede um código novo, e fica registrada na auditoria." });
  const said = el("p", { class: "form-notice", role: "status", "data-testid": "painel-acao" });
  /**
   * @param {string} path
   * @param {object} body
   * @param {string} done
   * @param {Record<string, string>} [headers]
   */
  const act = async (path, body, done, headers = {}) => {
    if (!code.value.trim()) {
      codeField.fail("Digite o código do seu aplicativo.");
      code.focus();
      return false;
    }
    const typed = code.value.trim();
    code.value = "";
    try {
      await app.http.post(path, body, { "Segundo-Fator": typed, ...headers });
      setText(said, done);
      return true;
    } catch (error) {
      setText(said, /** @type {Error} */ (error).message);
      return false;
    }
  };
  const drain = (/** @type {string} */ name) => act(`/painel/nos/${encodeURIComponent(name)}/drenar`, {}, `${name}: os clientes vão para os outros nós.`);
  const node = el(
    "section",
    { class: "panel board-actions", "aria-labelledby": "painel-acoes" },
    el("h2", { id: "painel-acoes" }, "Ações"),
    codeField.node,
    sessionsForm(act),
    broadcastForm(act),
    said,
  );
  return { node, drain };
}

/** @typedef {(path: string, body: object, done: string, headers?: Record<string, string>) => Promise<boolean>} Act */

/** @param {Act} act */
function sessionsForm(act) {
  const user = el("input", { id: "painel-usuario", name: "usuario", inputmode: "numeric", pattern: "[1-9][0-9]{0,17}", required: true, autocomplete: "off", "data-testid": "painel-usuario" });
  return form("Encerrar sessões", "painel-encerrar", field("Número do usuário", user).node, async () => {
    if (await act(`/painel/usuarios/${user.value}/encerrar-sessoes`, {}, `Usuário ${user.value}: todas as sessões foram encerradas.`)) user.value = "";
  });
}

/** @param {Act} act */
function broadcastForm(act) {
  const text = el("textarea", { id: "painel-texto", name: "texto", maxlength: 500, rows: 3, required: true, "data-testid": "painel-texto" });
  // One notice, however often the button is pressed until the bank has said that it has it.
  let key = newKey();
  text.addEventListener("input", () => (key = newKey()));
  const label = el("div", { class: "field" }, el("label", { for: text.id }, "Aviso para todos os usuários"), text);
  return form("Avisar todos", "painel-avisar", label, async () => {
    if (!(await act("/painel/avisos", { texto: text.value }, "O aviso está a caminho de todos.", { "Idempotency-Key": key }))) return;
    text.value = "";
    key = newKey();
  });
}

/**
 * @param {string} words on its button
 * @param {string} testId
 * @param {HTMLElement} content
 * @param {() => Promise<void>} send
 */
function form(words, testId, content, send) {
  const button = el("button", { type: "submit", class: "secondary outline", "data-testid": testId }, words);
  const node = el("form", { class: "board-form" }, content, button);
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    await send();
    button.disabled = false;
  });
  return node;
}
