// @ts-check
import { el, setText, sync } from "../lib/dom.js";
import { Scope } from "../lib/scope.js";
import { fullness, jobFacts, nodeFacts, STALE_MS, stateOf, totals, workerFacts } from "../models/panel.js";
import { absent } from "./absent.js";
import { panelActions } from "./panel_actions.js";
/** @import { App } from "../app.js" */
/** @import { Fact } from "../models/panel.js" */

/**
 * The cluster as it is now, for administrators; to anybody else there is no such page.
 * @param {App} app
 */
export function panelView(app) {
  const scope = new Scope();
  const node = el("div", { class: "board" }, el("h1", {}, "Painel"));
  const { status, watch } = liveStatus(app, scope, () => {
    const text = "Confira o endereço, ou volte ao início.";
    node.replaceChildren(el("h1", {}, "Painel"), absent("Página não encontrada", text), el("a", { href: "#/", role: "button" }, "Ir para o início"));
  });
  const actions = panelActions(app);
  const sums = factList("board-totals");
  const jobs = factList("facts");
  const nodes = cards((name) => el("button", { type: "button", class: "secondary outline", "data-testid": `drenar-${name}`, onclick: () => actions.drain(name) }, "Drenar"));
  const workers = cards();
  const parts = el(
    "div",
    { class: "board-parts", hidden: true },
    el("section", { "aria-label": "O cluster" }, sums.node),
    actions.node,
    section("Nós", nodes.node),
    section("Workers", workers.node),
    section("Tarefas", el("div", { class: "panel" }, jobs.node)),
  );
  node.append(status, parts);
  scope.add(
    app.on("painel", (panel) => {
      parts.hidden = false;
      sums.show(totals(panel));
      jobs.show(jobFacts(panel));
      nodes.show(panel.nos.map((each) => ({ ...each, facts: nodeFacts(each, panel), full: fullness(each) })));
      workers.show(panel.workers.map((each) => ({ ...each, facts: workerFacts(each, panel) })));
    }),
    app.on("live", watch),
    () => app.say("painel_sair", {}),
  );
  if (app.connection.state === "conectado") watch();
  return { node, title: "Painel", dispose: () => scope.dispose() };
}

/**
 * @param {App} app
 * @param {Scope} scope
 * @param {() => void} refuse
 */
function liveStatus(app, scope, refuse) {
  const status = el("p", { class: "soft", role: "status", "data-testid": "painel-estado" }, "Esperando notícias dos nós…");
  let heardAt = 0;
  scope.add(
    app.on("painel", () => {
      heardAt = Date.now();
      setText(status, "Ao vivo");
    }),
  );
  scope.every(1000, () => heardAt > 0 && Date.now() - heardAt > STALE_MS && setText(status, "Sem notícias novas. O que se vê é de antes."));
  const watch = () =>
    app.ask("painel_acompanhar", {}).catch((error) => {
      if (!scope.disposed && error.code === "nao_encontrado") refuse();
    });
  return { status, watch };
}

/**
 * @param {string} title
 * @param {HTMLElement} content
 */
const section = (title, content) => el("section", {}, el("h2", {}, title), content);

/**
 * What stays the same is not touched, every two seconds.
 * @param {string} name of its class
 */
function factList(name) {
  const node = el("dl", { class: name });
  /** @type {Map<string, { row: HTMLElement, value: HTMLElement }>} */
  const known = new Map();
  const row = (/** @type {string} */ words) => {
    const value = el("dd");
    const made = { row: el("div", {}, el("dt", {}, words), value), value };
    known.set(words, made);
    return made;
  };
  const show = (/** @type {Fact[]} */ facts) => {
    sync(
      node,
      facts.map(({ words, value, bad = false }) => {
        const made = known.get(words) ?? row(words);
        setText(made.value, value);
        made.value.classList.toggle("board-bad", bad);
        return made.row;
      }),
    );
  };
  return { node, show };
}

/**
 * A card for each process, with what can be done to it.
 * @param {(name: string) => HTMLElement} [action]
 */
function cards(action) {
  const node = el("ul", { class: "board-cards" });
  /** @type {Map<string, ReturnType<typeof card>>} */
  const known = new Map();
  /** @param {(Parameters<ReturnType<typeof card>["show"]>[0] & { nome: string })[]} processes */
  const show = (processes) => {
    sync(
      node,
      processes.map((each) => {
        const made = known.get(each.nome) ?? card(each.nome, action?.(each.nome));
        known.set(each.nome, made);
        made.show(each);
        return made.node;
      }),
    );
  };
  return { node, show };
}

/**
 * @param {string} name
 * @param {HTMLElement} [action]
 */
function card(name, action) {
  const state = el("span", { class: "board-state" });
  const bar = el("span", { class: "board-bar" });
  const full = el("div", { class: "board-full", hidden: true, "aria-hidden": "true" }, bar);
  const facts = factList("facts");
  const node = el(
    "li",
    { class: "panel", "data-testid": `processo-${name}` },
    el("div", { class: "section-head" }, el("h3", {}, name), state, action),
    full,
    facts.node,
  );
  const show = (/** @type {{ ausente: boolean, drenando?: boolean, facts: Fact[], full?: number }} */ process) => {
    setText(state, stateOf(process));
    full.hidden = process.full === undefined;
    bar.style.width = `${process.full ?? 0}%`;
    facts.show(process.facts);
  };
  return { node, show };
}
