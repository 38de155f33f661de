// @ts-check
import { App } from "./app.js";
import { fill } from "./lib/dom.js";
import { onRoute, parseRoute } from "./lib/router.js";
import { keepShell } from "./lib/worker.js";
import { connectionView } from "./views/connection.js";
import { clearToasts, toastsView } from "./views/toasts.js";
import { unreadSign } from "./views/unread_sign.js";

/** The screen that is the same for everybody, logged in or not. */
const PUBLIC = "verificar";
const OWNER = "saldo-vivo:endereco-de";

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
  else if ([before, route.name].includes(PUBLIC)) askWho("");
});
/**
 * The address stays as it is, so that logging in again returns to where the person was; it is
 * nobody else's, and not kept for who left by themselves.
 */
function goHome() {
  if (route.name === PUBLIC) return;
  history.replaceState(null, "", "#/");
  route = parseRoute(location.hash);
}

/** @param {number} id whose the address is from now on; also after a reload of the login screen */
function own(id) {
  const before = sessionStorage.getItem(OWNER);
  if (before !== null && before !== String(id)) goHome();
  sessionStorage.setItem(OWNER, String(id));
}

app.session.on("opened", ({ id }) => {
  own(id);
  enter();
});
app.session.on("closed", (reason) => {
  if (reason === "") goHome();
  askWho(reason);
});
if (app.session.user) {
  own(app.session.user.id);
  enter();
} else askWho("");
app.start();
keepShell().catch(() => undefined);
