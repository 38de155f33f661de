// @ts-check
import { el, fill, icon } from "../lib/dom.js";
import { Scope } from "../lib/scope.js";
import { brand } from "./brand.js";
import { staleView } from "./connection.js";
import { homeView } from "./home.js";
import { notificationsView } from "./notifications.js";
import { operationView } from "./operation.js";
import { pendingView } from "./pending.js";
import { preferencesView } from "./preferences.js";
import { receiptView } from "./receipt.js";
import { statementView } from "./statement.js";
import { verifyView } from "./verify.js";
/** @import { App } from "../app.js" */
/** @import { Route } from "../lib/router.js" */

/** @typedef {{ node: HTMLElement, title: string, dispose: () => void }} Screen */

/** @type {Record<string, (app: App, params: string[]) => Screen>} */
const SCREENS = {
  inicio: homeView,
  operar: operationView,
  extrato: statementView,
  comprovante: receiptView,
  preferencias: preferencesView,
  verificar: verifyView,
};

const TABS = [
  { path: "", name: "inicio", words: "Início", icon: "house" },
  { path: "operar/transferencia", name: "operar", words: "Operar", icon: "arrow-left-right" },
  { path: "extrato", name: "extrato", words: "Extrato", icon: "list" },
  { path: "preferencias", name: "preferencias", words: "Preferências", icon: "settings" },
];

/**
 * Everything around the screens once somebody is logged in.
 * @param {App} app
 */
export function shellView(app) {
  const scope = new Scope();
  const main = el("main", { id: "conteudo", tabindex: "-1" });
  const tabs = TABS.map((tab) => ({ name: tab.name, link: tabLink(tab) }));
  const nav = el("nav", { class: "tabbar", "aria-label": "Principal" }, ...tabs.map(({ link }) => link));
  const node = el(
    "div",
    { class: "shell" },
    el(
      "header",
      { class: "topbar" },
      el("a", { href: "#/", class: "topbar-brand", "aria-label": "Saldo Vivo, início" }, brand()),
      nav,
      el("div", { class: "topbar-side" }, notificationsView(app, scope), leaveButton(app)),
    ),
    el("div", { class: "banners" }, staleView(app, scope), pendingView(app, scope)),
    main,
  );
  /** @type {Screen | null} */
  let screen = null;
  const show = (/** @type {Route} */ { name, params }, first = false) => {
    screen?.dispose();
    screen = (SCREENS[name] ?? homeView)(app, params);
    fill(main, screen.node);
    tabs.forEach(({ name: tab, link }) => (tab === name ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current")));
    if (first) return screen.title;
    window.scrollTo(0, 0);
    main.focus({ preventScroll: true });
    return screen.title;
  };
  const dispose = () => {
    screen?.dispose();
    scope.dispose();
  };
  return { node, show, dispose };
}

/** @param {typeof TABS[number]} tab */
function tabLink({ path, words, icon: name }) {
  return el("a", { href: `#/${path}`, "data-testid": `nav-${path.split("/")[0] || "inicio"}` }, icon(name), el("span", {}, words));
}

/** @param {App} app */
function leaveButton(app) {
  const leave = async () => {
    await app.http.post("/logout").catch(() => undefined);
    app.session.close();
  };
  return el("button", { type: "button", class: "ghost", onclick: leave, "data-testid": "sair", title: "Sair" }, icon("log-out"), el("span", { class: "leave-word" }, "Sair"));
}
