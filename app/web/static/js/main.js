// @ts-check
import { App } from "./app.js";
import { fill } from "./lib/dom.js";
import { onRoute, parseRoute, placeHere } from "./lib/router.js";
import { styled } from "./lib/stylesheets.js";
import { keepShell } from "./lib/worker.js";
import { connectionView } from "./views/connection.js";
import { clearToasts, toastsView } from "./views/toasts.js";
import { unreadSign } from "./views/unread_sign.js";

/** The screen that is the same for everybody, logged in or not. */
const PUBLIC = "verificar";

/** Home comes with what is around it, and what may stand over every screen too. */
const loadShell = () => styled(["shell", "home", "rows", "toasts", "connection"], () => import("./views/shell.js"));
const loadArrival = () => styled(route.name === PUBLIC ? ["arrival", "receipt"] : ["arrival"], () => import("./views/arrival.js"));

const app = new App();
const root = /** @type {HTMLElement} */ (document.getElementById("raiz"));
const setTitle = unreadSign(app);
const link = connectionView(app);
link.hidden = true;
let route = parseRoute(location.hash);
// Where a page was left is known to us, also when its rows are not here yet; the browser would guess.
history.scrollRestoration = "manual";
app.here = app.places.at(placeHere());

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

/** @param {boolean} arriving from the login, whose focus is gone */
async function enter(arriving) {
  const mine = leave();
  const { shellView } = await loadShell();
  if (mine !== turn) return;
  shell = shellView(app, setTitle);
  fill(root, shell.node);
  await shell.show(route, { first: !arriving });
  // Whoever reads "connected" may rely on the screen being here, also if the network goes the moment after.
  if (mine === turn) link.hidden = false;
}

/** @param {string} reason why the person is here again, if they are */
async function askWho(reason) {
  const mine = leave();
  const { arrivalView } = await loadArrival();
  if (mine !== turn) return;
  link.hidden = true;
  fill(root, arrivalView(app, route, reason, setTitle));
  // From the top: a low window would scroll down to the field and hide what the page is.
  window.scrollTo(0, 0);
  root.querySelector("input")?.focus({ preventScroll: true });
}

document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("conteudo")?.focus();
});
document.body.append(toastsView(app), link);
const keepScroll = () => shell && app.here.keep("rolagem", Math.round(window.scrollY));
window.addEventListener("pagehide", keepScroll);
onRoute((next) => {
  const before = route.name;
  keepScroll();
  app.here = app.places.at(placeHere());
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
  app.here = app.places.at(placeHere());
  route = parseRoute(location.hash);
}

/** @param {number} id whose the address, and what was left there, is from now on; also after a reload of the login screen */
function own(id) {
  if (!app.places.own(id)) goHome();
}

app.session.on("opened", ({ id }) => {
  own(id);
  enter(true);
});
app.session.on("closed", (reason) => {
  keepScroll();
  if (reason === "") {
    app.places.clear();
    goHome();
  }
  askWho(reason);
});
if (app.session.user) {
  own(app.session.user.id);
  enter(false);
} else askWho("");
app.start();
keepShell(async () => Promise.all([loadArrival(), (await loadShell()).loadScreens()])).catch(() => undefined);
// Somebody opened what was pushed to this browser.
navigator.serviceWorker?.addEventListener("message", ({ data }) => {
  if (typeof data?.abrir === "string" && data.abrir.startsWith("#/")) location.hash = data.abrir;
});
