// @ts-check
import { el } from "../lib/dom.js";
import { brand } from "./brand.js";
import { loginView } from "./login.js";
import { verifyView } from "./verify.js";
/** @import { App } from "../app.js" */
/** @import { Route } from "../lib/router.js" */

/**
 * What somebody sees who has not logged in: the poster and, beside it, one thing to do.
 * @param {App} app
 * @param {Route} route
 * @param {string} reason
 * @param {(title: string) => void} setTitle
 */
export function arrivalView(app, { name, params }, reason, setTitle) {
  const content = name === "verificar" ? verifyHere(app, params, setTitle) : loginView(app, reason, setTitle);
  return el(
    "div",
    { class: "arrival" },
    el(
      "header",
      { class: "arrival-poster" },
      brand(),
      el("p", { class: "arrival-claim" }, "O saldo que se move na hora em que o dinheiro se move."),
      el("p", { class: "arrival-small" }, "Cada depósito, saque, pagamento e transferência aparece na sua tela no mesmo instante."),
    ),
    el("main", { class: "arrival-main", id: "conteudo", tabindex: "-1" }, el("div", { class: "arrival-card" }, content)),
  );
}

/**
 * A receipt can be verified by anybody.
 * @param {App} app
 * @param {string[]} params
 * @param {(title: string) => void} setTitle
 */
function verifyHere(app, params, setTitle) {
  const { node, title } = verifyView(app, params);
  setTitle(title);
  node.append(el("p", { class: "arrival-other" }, el("a", { href: "#/" }, "Entrar na sua conta")));
  return node;
}
