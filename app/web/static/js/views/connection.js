// @ts-check
import { el, setText } from "../lib/dom.js";
import { ago, formatTime } from "../models/dates.js";
/** @import { App } from "../app.js" */
/** @import { Connection } from "../models/connection.js" */

const COUNT_MS = 250;
/** Losing the line for a moment is not worth a word. */
const STALE_AFTER_MS = 2000;

/**
 * Bottom right: green while live, amber while trying again, red without a network.
 * @param {App} app
 */
export function connectionView({ connection }) {
  const text = el("span", { class: "link-text" });
  const said = el("span", { class: "sr-only", role: "status" });
  const again = el("button", { type: "button", class: "link", "data-testid": "tentar-agora", onclick: () => connection.tryNow() }, "Tentar agora");
  const node = el("div", { class: "link-state", "data-testid": "conexao" }, el("span", { class: "link-dot", "aria-hidden": "true" }), text, again, said);
  /** @type {number | undefined} */
  let timer;
  const update = () => {
    const { state, node: name, transport } = connection;
    node.dataset.estado = state;
    node.dataset.no = name;
    node.dataset.transporte = transport;
    node.title = state === "conectado" ? `Nó ${name} · ${transport === "polling" ? "polling" : "WebSocket"}` : "";
    again.hidden = state === "conectado" || connection.retryAt === null;
    setText(text, words(connection));
    setText(said, SAID[state]);
    clearTimeout(timer);
    if (connection.retryAt !== null) timer = setTimeout(update, COUNT_MS);
  };
  connection.on("change", update);
  update();
  return node;
}

/** @type {Record<import("../models/connection.js").State, string>} */
const SAID = { conectado: "Conectado", reconectando: "Reconectando", desconectado: "Sem conexão" };

/** @param {Connection} connection */
function words({ state, retryAt }) {
  if (state === "conectado") return "Conectado";
  const seconds = retryAt === null ? 0 : Math.ceil((retryAt - Date.now()) / 1000);
  const wait = seconds > 0 ? ` em ${seconds} s` : "…";
  return state === "reconectando" ? `Reconectando${wait}` : "Sem conexão";
}

/**
 * While nothing arrives, the page stays readable and says how old it is.
 * @param {App} app
 */
export function staleView({ bank, connection }) {
  const node = el("p", { class: "stale", role: "status", hidden: true, "data-testid": "desatualizado" });
  /** @type {number | undefined} */
  let timer;
  const update = () => {
    const since = connection.liveUntil;
    const old = since === null ? 0 : Date.now() - since;
    node.hidden = since === null || old < STALE_AFTER_MS || !bank.loadedAt;
    if (since !== null) setText(node, `Você está sem conexão. Os valores são das ${formatTime(new Date(since))} (${ago(new Date(since))}).`);
    clearTimeout(timer);
    if (since !== null) timer = setTimeout(update, STALE_AFTER_MS);
  };
  connection.on("change", update);
  return node;
}
