// @ts-check
import { el, fill, icon, setText } from "../lib/dom.js";
import { makePasskey, passkeysHere } from "../lib/passkeys.js";
import { NO_PASSWORD, onlyWrong } from "../models/credentials.js";
import { passkeyWords } from "../models/security.js";
import { codeField, NO_CODE } from "./code_field.js";
import { passwordField } from "./credential_fields.js";
import { focusFirst } from "./field.js";
import { userName } from "./password_change.js";
import { plainForm } from "./plain_form.js";
/** @import { App } from "../app.js" */
/** @import { ApiError } from "../lib/http.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @import { Passkey } from "../types/wire.js" */
/** @import { Field } from "./field.js" */
/** @import { Ways } from "./second_factor.js" */

const PATH = "/chaves-de-acesso";

/**
 * The person's passkeys; nothing where there are none and none can be made here.
 * @param {App} app
 * @param {Scope} scope
 */
export function passkeysPart(app, scope) {
  const heading = el("h2", { id: "chaves-titulo", tabindex: "-1" }, "Chaves de acesso");
  const status = el("p", { class: "soft security-said", role: "status", "data-testid": "chaves-estado" });
  const body = el("div", {});
  const node = el("section", { class: "panel", "aria-labelledby": "chaves-titulo", hidden: true }, heading, status, body);
  /** @type {Ways} */
  const ways = {
    showStep: (step) => {
      setText(status, "");
      fill(body, step);
      focusFirst(step);
    },
    showState: async (said) => {
      const [here, keys] = await Promise.all([passkeysHere(app.http), app.http.get(PATH).catch((/** @type {Error} */ error) => error)]);
      if (scope.disposed) return;
      node.hidden = !here && (keys instanceof Error || keys.length === 0);
      fill(body, keys instanceof Error ? el("p", { class: "form-notice" }, icon("triangle-alert"), keys.message) : list(app, keys, { here, ways }));
      if (said === undefined) return;
      setText(status, said);
      heading.focus();
    },
  };
  ways.showState();
  return node;
}

/**
 * @param {App} app
 * @param {Passkey[]} keys
 * @param {{ here: boolean, ways: Ways }} parts
 */
function list(app, keys, { here, ways }) {
  const add = el("button", { type: "button", "data-testid": "chave-criar", onclick: () => ways.showStep(addForm(app, ways)) }, "Criar uma chave neste aparelho");
  return el(
    "div",
    {},
    el("p", { class: "soft" }, "Entre com o rosto, o dedo ou o PIN do aparelho, sem senha e sem código. Só funciona neste site, então uma página falsa não consegue usá-la."),
    keys.length === 0 ? null : el("ul", { class: "rows", role: "list", "data-testid": "chaves" }, ...keys.map((key) => row(key, () => ways.showStep(removeForm(app, key, ways))))),
    here ? add : null,
  );
}

/**
 * @param {Passkey} key
 * @param {() => void} remove
 */
function row(key, remove) {
  const button = el("button", { type: "button", class: "secondary outline", "aria-label": `Remover: ${key.aparelho}`, onclick: remove, "data-testid": "chave-remover" }, "Remover");
  return el("li", { class: "row session", "data-testid": "chave" }, el("div", { class: "row-text" }, el("b", {}, key.aparelho), el("small", {}, passkeyWords(key))), button);
}

/**
 * @param {App} app
 * @param {Ways} ways
 */
function addForm({ http, session }, { showState }) {
  const password = passwordField({ id: "chave-senha", testid: "chave-senha" });
  /** @type {Record<string, Field>} */
  const fields = { senha: password };
  /** @type {ReturnType<typeof codeField> | undefined} */
  let code;
  /** With a second factor a code is wanted too, since the key stands for both. @param {ApiError} error */
  const askCode = (error) => {
    if (error.code !== "segundo_fator_exigido") return false;
    code ??= codeField({ id: "chave-codigo", testid: "chave-codigo" });
    fields.codigo = code;
    password.node.after(code.node);
    code.input.focus();
    return true;
  };
  return plainForm(
    {
      testid: "criar-chave",
      label: "Criar uma chave de acesso",
      fields,
      verb: "Continuar",
      problems: () => onlyWrong({ senha: password.input.value ? "" : NO_PASSWORD, codigo: !code || code.code ? "" : NO_CODE }),
      send: async () => {
        await makePasskey(http, { senha: password.input.value, ...(code ? { codigo: code.code } : {}) });
        await showState("Chave criada. Da próxima vez, entre com ela.");
      },
      refused: askCode,
      cancel: () => showState(""),
    },
    userName(session.user?.email ?? ""),
  );
}

/**
 * @param {App} app
 * @param {Passkey} key
 * @param {Ways} ways
 */
function removeForm({ http, session }, { id, aparelho }, { showState }) {
  const password = passwordField({ id: "chave-remover-senha", testid: "chave-remover-senha" });
  return plainForm(
    {
      testid: "remover-chave",
      label: "Remover a chave de acesso",
      fields: { senha: password },
      verb: "Remover",
      problems: () => onlyWrong({ senha: password.input.value ? "" : NO_PASSWORD }),
      send: async () => {
        await http.delete(`${PATH}/${id}`, { senha: password.input.value });
        await showState("Chave removida.");
      },
      cancel: () => showState(""),
    },
    el("p", { class: "form-notice" }, icon("triangle-alert"), `A chave de “${aparelho}” não abre mais a sua conta.`),
    userName(session.user?.email ?? ""),
  );
}
