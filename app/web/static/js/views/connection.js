// @ts-check
import { el, setText } from "../lib/dom.js";
import { ago, formatTime } from "../models/dates.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */
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
  const node = el("aside", { class: "link-state", "aria-label": "Conexão", "data-testid": "conexao" }, el("span", { class: "link-dot", "aria-hidden": "true" }), text, again, said);
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
function words({ state, retryAt, node }) {
  if (state === "conectado") return "Conectado";
  if (state === "reconectando" && retryAt === null && node === "") return "Conectando";
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
    const text = connection.state === "conectado" ? "" : staleWords(connection, bank.loadedAt);
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
function staleWords({ liveUntil, retryAt }, loadedAt) {
  if (!loadedAt) return retryAt === null ? "" : "Sem conexão. Suas contas aparecem assim que ela voltar.";
  const since = new Date(Math.max(liveUntil ?? 0, loadedAt.getTime()));
  if (Date.now() - since.getTime() < STALE_AFTER_MS) return "";
  return `Você está sem conexão. Os valores são das ${formatTime(since)} (${ago(since)}).`;
}
