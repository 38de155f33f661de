// @ts-check
import { el } from "../lib/dom.js";
import { Scope } from "../lib/scope.js";
import { passkeysPart } from "./passkeys.js";
import { passwordChange } from "./password_change.js";
import { secondFactorPart } from "./second_factor.js";
import { sessionList } from "./session_list.js";
/** @import { App } from "../app.js" */

/**
 * Who may come in, and how.
 * @param {App} app
 */
export function securityView(app) {
  const scope = new Scope();
  const node = el(
    "div",
    { class: "security" },
    el("header", { class: "section-head" }, el("h1", {}, "Segurança"), el("a", { href: "#/preferencias" }, "Preferências")),
    sessionList(app, scope),
    passkeysPart(app, scope),
    secondFactorPart(app, scope),
    passwordChange(app),
  );
  return { node, title: "Segurança", dispose: () => scope.dispose() };
}
