// @ts-check
import { el, fill, icon } from "../lib/dom.js";
import { Scope } from "../lib/scope.js";
import { styled } from "../lib/stylesheets.js";
import { loadPlot } from "../lib/vendor.js";
import { pendingKey } from "../models/session.js";
import { brand } from "./brand.js";
import { showCount } from "./count.js";
import { staleView } from "./connection.js";
import { homeView } from "./home.js";
import { notificationsView } from "./notifications.js";
/** @import { App } from "../app.js" */
/** @import { Route } from "../lib/router.js" */

/** @typedef {{ node: HTMLElement, title: string, dispose: () => void }} Screen */

/** @typedef {(app: App, params: string[]) => Screen} ScreenView */

/**
 * Home is here at once; the others come, with their stylesheets, when somebody goes there.
 * @type {Record<string, () => ScreenView | Promise<ScreenView>>}
 */
const SCREENS = {
  inicio: () => homeView,
  operar: async () => (await styled(["operation"], () => import("./operation.js"))).operationView,
  extrato: async () => (await styled(["statement"], () => import("./statement.js"))).statementView,
  comprovante: async () => (await styled(["receipt"], () => import("./receipt.js"))).receiptView,
  conversas: async () => (await styled(["people", "chat", "messages", "operation"], () => import("./conversations.js"))).conversationsView,
  pessoas: async () => (await styled(["people", "chat", "messages", "operation", "statement"], () => import("./people.js"))).peopleView,
  agenda: async () => (await styled(["agenda", "operation"], () => import("./agenda.js"))).agendaView,
  avisos: async () => (await styled(["notices"], () => import("./notices_page.js"))).noticesView,
  preferencias: async () => (await styled(["preferences"], () => import("./preferences.js"))).preferencesView,
  seguranca: async () => (await styled(["security", "operation"], () => import("./security.js"))).securityView,
  painel: async () => (await styled(["panel"], () => import("./panel.js"))).panelView,
  verificar: async () => (await styled(["receipt"], () => import("./verify.js"))).verifyView,
};

/** All that comes only when it is asked for, and is of use to anybody. */
export const loadScreens = () =>
  Promise.all([...Object.entries(SCREENS).map(([name, load]) => name !== "painel" && load()), loadPlot(), import("./pending.js"), import("./new_account.js"), import("./add_person.js"), import("./recovery.js")]);

const TABS = [
  { path: "", name: "inicio", words: "Início", icon: "house" },
  { path: "operar/transferencia", name: "operar", words: "Operar", icon: "arrow-left-right" },
  { path: "extrato", name: "extrato", words: "Extrato", icon: "list" },
  { path: "conversas", name: "conversas", words: "Conversas", icon: "message-circle" },
  { path: "pessoas", name: "pessoas", words: "Pessoas", icon: "users" },
];
/** Screens that are found behind another one. @type {Record<string, string>} */
const BEHIND = { seguranca: "preferencias" };
/** In the bar on top, as signs: the bar below has room for places where people go often. */
const ASIDE = [
  { path: "agenda", name: "agenda", words: "Agenda", icon: "calendar-days" },
  { path: "preferencias", name: "preferencias", words: "Preferências", icon: "settings" },
];

/**
 * Everything around the screens once somebody is logged in.
 * @param {App} app
 * @param {(title: string) => void} setTitle
 */
export function shellView(app, setTitle) {
  const scope = new Scope();
  const main = el("main", { id: "conteudo", tabindex: "-1" });
  const tabs = TABS.map((tab) => ({ name: tab.name, link: tabLink(tab) }));
  const nav = el("nav", { class: "tabbar", "aria-label": "Principal" }, ...tabs.map(({ link }) => link));
  const aside = ASIDE.map((place) => ({ name: place.name, link: signLink(place) }));
  tabs.push(...aside);
  countMessages(app, scope, tabs.find(({ name }) => name === "conversas")?.link);
  const banners = el("div", { class: "banners" }, staleView(app, scope));
  if (localStorage.getItem(pendingKey(app.session.user?.id ?? 0)) !== null) addPending(app, scope, banners);
  const node = el(
    "div",
    { class: "shell" },
    el(
      "header",
      { class: "topbar" },
      el("a", { href: "#/", class: "topbar-brand", "aria-label": "Saldo Vivo, início" }, brand()),
      nav,
      el("div", { class: "topbar-side" }, ...aside.map(({ link }) => link), notificationsView(app, scope), leaveButton(app)),
    ),
    banners,
    main,
  );
  /** @type {Screen | null} */
  let screen = null;
  /** @type {Scope | null} */
  let scroll = null;
  let turn = 0;
  /** On the first page after a load the focus stays where the browser begins. */
  const show = async (/** @type {Route} */ { name, params }, { first = false } = {}) => {
    const mine = (turn += 1);
    const [view] = await Promise.all([(SCREENS[name] ?? SCREENS.inicio)(), name === "operar" && addPending(app, scope, banners)]);
    if (mine !== turn) return;
    screen?.dispose();
    scroll?.dispose();
    screen = view(app, params);
    fill(main, screen.node);
    setTitle(screen.title);
    tabs.forEach(({ name: tab, link }) => (tab === (BEHIND[name] ?? name) ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current")));
    if (!first) focusHeading(main);
    scroll = scrollBack(main, app.here.kept("rolagem") ?? 0);
  };
  const dispose = () => {
    turn += 1;
    screen?.dispose();
    scroll?.dispose();
    scope.dispose();
  };
  return { node, show, dispose };
}

/**
 * The banner for an operation in doubt: where one is, or may soon be.
 * @param {App} app
 * @param {Scope} scope
 * @param {HTMLElement} banners
 */
async function addPending(app, scope, banners) {
  const { pendingView } = await import("./pending.js");
  if (!scope.disposed && !banners.querySelector(".pending")) banners.append(pendingView(app, scope));
}

/**
 * What the page is comes first for who hears it; a view that chose its own place keeps it.
 * @param {HTMLElement} main
 */
function focusHeading(main) {
  if (main.contains(document.activeElement)) return;
  /** @type {HTMLElement} */
  const heading = main.querySelector("[data-focus]") ?? main.querySelector("h1") ?? main;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/**
 * Down to where the person was, as soon as the page has grown so far again, unless they move by themselves.
 * @param {HTMLElement} main
 * @param {number} top
 */
function scrollBack(main, top) {
  const scope = new Scope();
  const growing = new ResizeObserver(() => {
    window.scrollTo(0, top);
    if (Math.abs(window.scrollY - top) <= 1) scope.dispose();
  });
  window.scrollTo(0, 0);
  if (top === 0) return scope;
  scope.add(() => growing.disconnect());
  ["wheel", "touchstart", "keydown", "pointerdown"].forEach((type) => scope.listen(window, type, () => scope.dispose()));
  growing.observe(main);
  return scope;
}

/** @param {typeof TABS[number]} tab */
function tabLink({ path, words, icon: name }) {
  return el("a", { href: `#/${path}`, "data-testid": `nav-${path.split("/")[0] || "inicio"}` }, icon(name), el("span", {}, words));
}

/** @param {typeof ASIDE[number]} place */
function signLink(place) {
  const link = tabLink(place);
  link.className = "sign-link";
  link.title = place.words;
  return link;
}

/**
 * How many messages nobody has read, beside the name of where they are.
 * @param {App} app
 * @param {Scope} scope
 * @param {HTMLElement} [link]
 */
function countMessages({ chat: { model } }, scope, link) {
  const count = el("span", { class: "count", "data-testid": "nav-nao-lidas" });
  const update = () => {
    count.hidden = model.unread === 0;
    showCount(count, model.unread);
  };
  link?.append(count);
  scope.add(model.on("change", update));
  update();
}

/**
 * Not on a telephone, where a thumb on its way to the bell would find it; there it is among the preferences.
 * @param {App} app
 */
function leaveButton(app) {
  return el("button", { type: "button", class: "ghost leave", onclick: () => app.leave(), "data-testid": "sair", title: "Sair deste aparelho" }, icon("log-out"), "Sair");
}
