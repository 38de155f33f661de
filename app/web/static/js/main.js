// @ts-check
import { App } from "./app.js";
import { fill } from "./lib/dom.js";
import { startRouter } from "./lib/router.js";
import { keepShell } from "./lib/worker.js";
import { connectionView } from "./views/connection.js";
import { loginView } from "./views/login.js";
import { shellView } from "./views/shell.js";
import { toastsView } from "./views/toasts.js";
import { unreadSign } from "./views/unread_sign.js";
/** @import { Route } from "./lib/router.js" */

const app = new App();
const root = /** @type {HTMLElement} */ (document.getElementById("raiz"));
const setTitle = unreadSign(app);
const link = connectionView(app);

/** @type {ReturnType<typeof shellView> | null} */
let shell = null;
/** @type {Route} */
let route = { name: "inicio", params: [] };

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
  fill(root, loginView(app, reason));
  root.querySelector("input")?.focus();
}

document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("conteudo")?.focus();
});
document.body.append(toastsView(app), link);
startRouter((next) => {
  route = next;
  if (shell) setTitle(shell.show(route));
});
app.session.on("opened", enter);
app.session.on("closed", askWho);
app.start();
if (!app.session.token) askWho("");
else if (!shell) enter();
keepShell().catch(() => undefined);
