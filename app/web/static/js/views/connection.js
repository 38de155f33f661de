// @ts-check
import { el, setText } from "../lib/dom.js";
import { age, formatTime } from "../models/dates.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @import { Connection } from "../models/connection.js" */

const COUNT_MS = 250;
/** Losing the line for a moment is not worth a word. */
const STALE_AFTER_MS = 2000;

/** What must never lie under it. */
const PRESSED = "a, button, input, select, textarea, label, summary";
/** How far up it may go for that, in times its own height. */
const STEPS = Array.from({ length: 16 }, (_, index) => index / 2);

/**
 * Bottom right: green while live, amber while trying again, red without a network.
 * @param {App} app
 */
export function connectionView({ connection }) {
  const text = el("span", { class: "link-text" });
  const said = el("span", { class: "sr-only", role: "status" });
  const again = el("button", { type: "button", class: "link", "data-testid": "tentar-agora", onclick: () => (connection.resting ? connection.useHere() : connection.tryNow()) });
  const node = el("aside", { class: "link-state", "aria-label": "Conexão", "data-testid": "conexao" }, el("span", { class: "link-dot", "aria-hidden": "true" }), text, again, said);
  /** @type {number | undefined} */
  let timer;
  const update = () => {
    const { state, node: name, transport, isBeginning } = connection;
    node.style.visibility = isBeginning ? "hidden" : "";
    node.dataset.estado = state;
    node.dataset.no = name;
    node.dataset.transporte = transport;
    node.title = state === "conectado" ? `Nó ${name} · ${transport === "polling" ? "polling" : "WebSocket"}` : "";
    again.hidden = state === "conectado" || (connection.retryAt === null && !connection.resting);
    setText(again, connection.resting ? "Usar aqui" : "Tentar agora");
    setText(text, words(connection));
    setText(said, connection.resting ? RESTING : SAID[state]);
    clearTimeout(timer);
    if (connection.retryAt !== null) timer = setTimeout(update, COUNT_MS);
  };
  connection.on("change", update);
  keepClear(node);
  update();
  return node;
}

/**
 * Never over what is pressed: the good state draws its words in and leaves the dot, in the page's
 * margin; the others have something to say and go up for it, and draw in where there is no room at all.
 * @param {HTMLElement} node
 */
function keepClear(node) {
  let asked = false;
  const place = () => {
    asked = false;
    if (node.hidden) return;
    node.classList.remove("is-tucked");
    node.style.removeProperty("translate");
    const { left, top, right, height } = node.getBoundingClientRect();
    const steps = node.dataset.estado === "conectado" ? [0] : STEPS;
    const step = steps.find((up) => !covers(node, { left, right, top: top - up * height, bottom: top + height - up * height }));
    node.classList.toggle("is-tucked", step === undefined);
    if (step) node.style.setProperty("translate", `0 ${-step * height}px`);
  };
  const ask = () => {
    if (!asked) requestAnimationFrame(place);
    asked = true;
  };
  window.addEventListener("scroll", ask, { passive: true });
  window.addEventListener("resize", ask);
  new MutationObserver(ask).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["hidden", "data-estado", "open"] });
}

/**
 * @param {HTMLElement} node
 * @param {{ left: number, top: number, right: number, bottom: number }} box
 */
function covers(node, { left, top, right, bottom }) {
  const across = [left, (left + right) / 2, right - 1];
  const down = [top, (top + bottom) / 2, bottom - 1];
  const under = across.flatMap((x) => down.flatMap((y) => document.elementsFromPoint(x, y)));
  return under.some((each) => !node.contains(each) && each.closest(PRESSED));
}

/** @type {Record<import("../models/connection.js").State, string>} */
const SAID = { conectado: "Conectado", reconectando: "Reconectando", desconectado: "Sem conexão" };

const RESTING = "Aberto em muitos lugares";

/** @param {Connection} connection */
function words({ state, retryAt, wasLive, resting }) {
  if (resting) return RESTING;
  if (state === "conectado") return "Conectado";
  if (state === "reconectando" && retryAt === null && !wasLive) return "Conectando";
  const seconds = retryAt === null ? 0 : Math.ceil((retryAt - Date.now()) / 1000);
  const wait = seconds > 0 ? ` em ${seconds} s` : "…";
  return state === "reconectando" ? `Reconectando${wait}` : "Sem conexão";
}

/**
 * While nothing arrives, the page stays readable and says how old it is.
 * @param {App} app
 * @param {Scope} scope
 */
export function staleView({ bank, connection }, scope) {
  const node = el("p", { class: "stale", role: "status", hidden: true, "data-testid": "desatualizado" });
  const update = () => {
    const quiet = connection.state === "conectado" || connection.isBeginning;
    const text = quiet ? "" : staleWords(connection, bank.loadedAt);
    node.hidden = text === "";
    setText(node, text);
  };
  scope.add(connection.on("change", update));
  scope.every(STALE_AFTER_MS, update);
  return node;
}

/**
 * @param {Connection} connection
 * @param {Date | null} loadedAt
 */
function staleWords(connection, loadedAt) {
  if (!loadedAt) return connection.retryAt === null ? "" : "Sem conexão. Suas contas aparecem assim que ela voltar.";
  const since = lastLive(connection, loadedAt);
  if (Date.now() - since.getTime() < STALE_AFTER_MS) return "";
  if (connection.resting) return `O banco está aberto em muitos lugares. Para usá-lo aqui, toque em “Usar aqui”. Os valores são das ${formatTime(since)} (${age(since)}).`;
  return `Você está sem conexão. Os valores são das ${formatTime(since)} (${age(since)}).`;
}

/**
 * @param {Connection} connection
 * @param {Date} loadedAt
 */
const lastLive = ({ liveUntil }, loadedAt) => new Date(Math.max(liveUntil ?? 0, loadedAt.getTime()));

/**
 * When everything that the page has was true.
 * @param {App} app
 */
export const freshAt = ({ bank, connection }) => lastLive(connection, bank.loadedAt ?? new Date(0));
