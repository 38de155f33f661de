// @ts-check
import { App } from "./app.js";
import { el, fill } from "./lib/dom.js";
import { onRoute, parseRoute } from "./lib/router.js";
import { keepShell } from "./lib/worker.js";
import { connectionView } from "./views/connection.js";
import { arrival, loginView } from "./views/login.js";
import { shellView } from "./views/shell.js";
import { toastsView } from "./views/toasts.js";
import { verifyView } from "./views/verify.js";
import { unreadSign } from "./views/unread_sign.js";
/** @import { Route } from "./lib/router.js" */

const app = new App();
const root = /** @type {HTMLElement} */ (document.getElementById("raiz"));
const setTitle = unreadSign(app);
const link = connectionView(app);

/** @type {ReturnType<typeof shellView> | null} */
let shell = null;
/** @type {Route} */
let route = parseRoute(location.hash);

/** The address stays as it is, so that logging in again returns to where the person was. */
function enter() {
  leave();
  shell = shellView(app);
  fill(root, shell.node);
  link.hidden = false;
  setTitle(shell.show(route, true));
}

function leave() {
  shell?.dispose();
  shell = null;
  document.querySelectorAll("dialog").forEach((dialog) => dialog.remove());
}

/** @param {string} reason */
function askWho(reason) {
  leave();
  link.hidden = true;
  fill(root, route.name === "verificar" ? verifyHere() : loginView(app, reason, setTitle));
  root.querySelector("input")?.focus();
}

/** A receipt can be verified by anybody. */
function verifyHere() {
  const { node, title } = verifyView(app, route.params);
  setTitle(title);
  return arrival(el("div", { class: "arrival-card" }, node, el("p", { class: "arrival-other" }, el("a", { href: "#/" }, "Entrar na sua conta"))));
}

document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("conteudo")?.focus();
});
document.body.append(toastsView(app), link);
onRoute((next) => {
  const publicBefore = route.name === "verificar";
  route = next;
  if (shell) setTitle(shell.show(route));
  else if (publicBefore || route.name === "verificar") askWho("");
});
app.session.on("opened", enter);
app.session.on("closed", askWho);
if (app.session.token) enter();
else askWho("");
app.start();
keepShell().catch(() => undefined);
