// @ts-check
import { App } from "./app.js";
import { fill } from "./lib/dom.js";
import { onRoute, parseRoute } from "./lib/router.js";
import { keepShell } from "./lib/worker.js";
import { connectionView } from "./views/connection.js";
import { clearToasts, toastsView } from "./views/toasts.js";
import { unreadSign } from "./views/unread_sign.js";

const app = new App();
const root = /** @type {HTMLElement} */ (document.getElementById("raiz"));
const setTitle = unreadSign(app);
const link = connectionView(app);
link.hidden = true;
let route = parseRoute(location.hash);

/** @type {ReturnType<typeof import("./views/shell.js").shellView> | null} */
let shell = null;
/** What was asked for last is what is shown, whichever part arrives first. */
let turn = 0;

function leave() {
  shell?.dispose();
  shell = null;
  document.querySelectorAll("dialog").forEach((dialog) => dialog.remove());
  clearToasts();
  return (turn += 1);
}

/** The address stays as it is, so that logging in again returns to where the person was. */
async function enter() {
  const mine = leave();
  const { shellView } = await import("./views/shell.js");
  if (mine !== turn) return;
  shell = shellView(app, setTitle);
  fill(root, shell.node);
  await shell.show(route, true);
  // Whoever reads "connected" may rely on the screen being here, also if the network goes the moment after.
  if (mine === turn) link.hidden = false;
}

/** @param {string} reason why the person is here again, if they are */
async function askWho(reason) {
  const mine = leave();
  const { arrivalView } = await import("./views/arrival.js");
  if (mine !== turn) return;
  link.hidden = true;
  fill(root, arrivalView(app, route, reason, setTitle));
  root.querySelector("input")?.focus();
}

document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("conteudo")?.focus();
});
document.body.append(toastsView(app), link);
onRoute((next) => {
  const before = route.name;
  route = next;
  if (shell) shell.show(route);
  else if ([before, route.name].includes("verificar")) askWho("");
});
app.session.on("opened", enter);
app.session.on("closed", askWho);
if (app.session.token) enter();
else askWho("");
app.start();
keepShell().catch(() => undefined);
