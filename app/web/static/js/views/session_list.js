// @ts-check
import { el, fill, icon, setText, sync } from "../lib/dom.js";
import { liveSessions } from "../lib/own_sessions.js";
import { endedWords, sessionTitle, sessionWords } from "../models/security.js";
import { askFirst } from "./ask_first.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @import { OwnSession } from "../types/wire.js" */

const MINUTE_MS = 60_000;

/**
 * Where the person is logged in, and ways to end what should not be.
 * @param {App} app
 * @param {Scope} scope
 */
export function sessionList(app, scope) {
  const sessions = liveSessions(app, scope);
  const list = el("ul", { class: "rows", role: "list", "data-testid": "sessoes" });
  const status = el("p", { class: "soft security-said", role: "status", "data-testid": "sessoes-estado" }, "Carregando…");
  const others = el("button", { type: "button", class: "secondary outline security-others", hidden: true, "data-testid": "sessoes-encerrar-outras" }, "Encerrar as outras");
  const heading = el("h2", { id: "sessoes-titulo", tabindex: "-1" }, "Onde você está conectado");
  let isUnknown = true;
  /** What has the focus may be gone afterwards. @param {OwnSession[]} which */
  const end = async (which) => {
    setText(status, "Encerrando…");
    const result = await sessions.end(which);
    if (scope.disposed) return;
    setText(status, endedWords(result));
    heading.focus();
  };
  /** @type {Map<string, ReturnType<typeof row>>} */
  let rows = new Map();
  const update = () => {
    if (sessions.failed) fill(status, icon("triangle-alert"), " ", sessions.failed);
    else if (isUnknown) setText(status, "");
    isUnknown = sessions.failed !== "";
    const known = rows;
    rows = new Map((sessions.list ?? []).map((session) => [session.id, known.get(session.id) ?? row(session, () => end([session]))]));
    sessions.list?.forEach((session) => rows.get(session.id)?.show(session));
    sync(list, [...rows.values()].map(({ node }) => node));
    others.hidden = sessions.others.length < 2;
  };
  others.addEventListener("click", async () => {
    const which = sessions.others;
    const text = `${which.length} sessões, em outros aparelhos e navegadores, pedem a senha de novo. Este aparelho continua.`;
    if (await askFirst("Encerrar as outras sessões?", text, "Encerrar")) end(which);
  });
  scope.add(sessions.on("change", update));
  scope.every(MINUTE_MS, update);
  return el("section", { class: "panel", "aria-labelledby": "sessoes-titulo" }, heading, el("p", { class: "soft" }, "Não reconhece algum? Encerre a sessão e troque a senha."), list, status, others);
}

/**
 * @param {OwnSession} session
 * @param {() => void} end
 */
function row(session, end) {
  const words = el("small");
  const button = el("button", { type: "button", class: "secondary outline", "aria-label": `Encerrar: ${session.aparelho}`, onclick: end, "data-testid": "sessao-encerrar" }, "Encerrar");
  const name = el("b", {}, session.aparelho);
  const node = el(
    "li",
    { class: "row session", "data-testid": "sessao", "data-atual": session.atual, title: sessionTitle(session) },
    el("div", { class: "row-text" }, name, words),
    session.atual ? el("span", { class: "session-here" }, icon("check"), "Este aparelho") : button,
  );
  return { node, show: (/** @type {OwnSession} */ now) => setText(words, sessionWords(now)) };
}
