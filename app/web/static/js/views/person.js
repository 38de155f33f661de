// @ts-check
import { makeContacts } from "../lib/contacts.js";
import { el, fill, icon, setText } from "../lib/dom.js";
import { PersonPages } from "../lib/person_pages.js";
import { navigate, navigateTo, newPlace } from "../lib/router.js";
import { Scope } from "../lib/scope.js";
import { DayTotals } from "../models/day_totals.js";
import { formatBRL, toCents } from "../models/money.js";
import { lastPaid, SITUATIONS, transferFields } from "../models/people.js";
import { absent } from "./absent.js";
import { askFirst } from "./ask_first.js";
import { avatar } from "./avatar.js";
import { conversationView } from "./conversation.js";
import { attempt, starButton } from "./person_parts.js";
import { dayList } from "./rows.js";
/** @import { App } from "../app.js" */
/** @import { ApiError } from "../lib/http.js" */
/** @import { PersonPayload } from "../types/wire.js" */

const STRANGER = ["Esta pessoa não está na sua lista", "Aqui aparecem os seus contatos e as pessoas com quem você já moveu dinheiro."];

/**
 * One person: what can be done, and all that went between the two.
 * @param {App} app
 * @param {string} param the other's id
 */
export function personView(app, param) {
  const scope = new Scope();
  const contacts = app.part(makeContacts);
  const id = /^\d{1,18}$/.test(param) ? Number(param) : 0;
  const head = el("div", { class: "person-top" });
  // Beside each other on a desk: what is said to the person, and what was moved.
  const talk = el("div", { class: "person-talk" });
  const moved = movements(app, id, scope);
  const node = el("div", { class: "person", "data-testid": "pagina-pessoa" }, head, talk, moved);
  let turn = 0;
  let shown = false;
  const show = (/** @type {PersonPayload} */ person) => {
    shown = true;
    moved.hidden = false;
    showHead(app, head, person);
    const talks = person.situacao === "contato" || app.chat.model.of(id).last !== null;
    if (talks && !talk.hasChildNodes()) talk.append(conversationView(app, id, { at: 0, scope, heading: "h2" }));
  };
  const ask = async () => {
    const mine = (turn += 1);
    const answer = await contacts.one(id).catch((/** @type {ApiError} */ error) => error);
    if (scope.disposed || mine !== turn) return;
    if (!(answer instanceof Error)) show(answer);
    // What is here already stays when the bank cannot be asked.
    else if (answer.status === 404 || !shown) {
      moved.hidden = true;
      showAbsent(head, answer);
    }
  };
  fill(head, el("h1", {}, "Pessoa"), el("p", { class: "empty", role: "status" }, "Carregando…"));
  contacts.need();
  const known = contacts.people.list.find(({ usuario_id: each }) => each === id);
  if (known) show(known);
  else ask();
  scope.add(contacts.people.on("change", ask));
  scope.add(app.connection.on("change", ({ state }) => void (state === "conectado" && ask())));
  return { node, title: "Pessoa", dispose: () => scope.dispose() };
}

/**
 * @param {HTMLElement} head
 * @param {ApiError} error
 */
function showAbsent(head, error) {
  const [title, text] = error.status === 404 ? STRANGER : ["A pessoa não pôde ser carregada", error.message];
  fill(head, el("h1", { class: "sr-only" }, "Pessoa"), absent(title, text), el("a", { href: "#/pessoas", role: "button" }, "Ver as suas pessoas"));
}

/**
 * The head is made anew with each change; the button that had the focus has it again.
 * @param {App} app
 * @param {HTMLElement} head
 * @param {PersonPayload} person
 */
function showHead(app, head, person) {
  const focused = head.contains(document.activeElement) ? document.activeElement?.getAttribute("data-testid") : null;
  const star = person.situacao === "bloqueado" ? null : starButton(app, person);
  const paid = lastPaid(person);
  fill(
    head,
    el("a", { href: "#/pessoas", class: "person-back" }, icon("arrow-left"), "Pessoas"),
    el(
      "section",
      { class: "panel person-head", "aria-label": "Pessoa" },
      avatar(app, person.usuario_id, person.nome).node,
      el("div", { class: "person-name" }, el("h1", { tabindex: "-1" }, person.nome), el("p", { class: "soft", "data-testid": "pessoa-situacao" }, SITUATIONS[person.situacao]), paid ? el("p", { class: "soft" }, paid) : null),
      star,
      el("div", { class: "person-actions" }, ...moneyButtons(app, person)),
      el("div", { class: "person-more" }, ...contactButtons(app, person)),
    ),
  );
  if (focused) (/** @type {HTMLElement | null} */ (head.querySelector(`[data-testid="${focused}"]`)) ?? head.querySelector("h1"))?.focus();
}

/**
 * @param {App} app
 * @param {PersonPayload} person
 */
function moneyButtons(app, person) {
  const { CorrentistaID, ultima_transferencia: last, situacao } = person;
  if (CorrentistaID === null || situacao === "bloqueado") return [];
  const open = (/** @type {boolean} */ again) => () => {
    const page = app.places.at(newPlace());
    page.keep("campos", transferFields(person, { again }));
    navigateTo("operar/transferencia", page.id);
  };
  const transfer = el("button", { type: "button", "data-testid": "pessoa-transferir", onclick: open(false) }, icon("arrow-left-right"), "Transferir");
  if (!last) return [transfer];
  const words = `Repetir ${formatBRL(toCents(last.valor))}`;
  return [transfer, el("button", { type: "button", class: "secondary outline", "data-testid": "pessoa-repetir", onclick: open(true) }, icon("repeat"), words)];
}

/**
 * What can be decided about somebody, in each situation.
 * @param {App} app
 * @param {PersonPayload} person
 */
function contactButtons(app, { usuario_id: id, nome, situacao }) {
  const contacts = app.part(makeContacts);
  const button = (/** @type {string} */ name, /** @type {string} */ words, /** @type {() => Promise<unknown>} */ run) => {
    const made = el("button", { type: "button", class: "link", "data-testid": `pessoa-${name}` }, words);
    made.addEventListener("click", () => attempt(made, run));
    return made;
  };
  const remove = async () => {
    const sure = await askFirst(`Remover ${nome}?`, `A pessoa sai da sua lista${situacao === "contato" ? ", e vocês deixam de ser contatos" : ""}. As movimentações ficam no extrato.`, "Remover");
    if (!sure) return;
    await contacts.remove(id);
    navigate("pessoas");
  };
  const block = async () => {
    const sure = await askFirst(`Bloquear ${nome}?`, `${situacao === "contato" ? "Vocês deixam de ser contatos. " : ""}A pessoa não pode pedir para ser seu contato, e não fica sabendo.`, "Bloquear");
    if (sure) await contacts.decide(id, "bloquear");
  };
  const ask = button("pedir", "Pedir para ser contato", () => contacts.ask(id));
  const blocking = button("bloquear", "Bloquear", block);
  const removing = button("remover", "Remover", remove);
  return {
    contato: [removing, blocking],
    pedido_enviado: [button("remover", "Cancelar o pedido", () => contacts.remove(id).then(() => navigate("pessoas"))), blocking],
    pedido_recebido: [
      button("aceitar", "Aceitar o pedido", () => contacts.decide(id, "aceitar")),
      button("recusar", "Recusar", () => contacts.decide(id, "recusar").then(() => navigate("pessoas"))),
      blocking,
    ],
    historico: [ask, removing, blocking],
    bloqueado: [button("desbloquear", "Desbloquear", () => contacts.decide(id, "desbloquear"))],
  }[situacao];
}

/**
 * @param {App} app
 * @param {number} id
 * @param {Scope} scope
 */
function movements(app, id, scope) {
  const pages = new PersonPages(app.http, id);
  const days = dayList();
  const noTotals = new DayTotals();
  const foot = el("p", { class: "statement-foot", role: "status" });
  const again = el("button", { type: "button", class: "secondary outline", hidden: true, onclick: () => pages.more() }, "Tentar de novo");
  const end = el("div", { class: "statement-end" });
  const watch = new IntersectionObserver(([entry]) => entry.isIntersecting && !pages.failed && pages.more(), { rootMargin: "600px" });
  watch.observe(end);
  scope.add(() => watch.disconnect());
  scope.eachDay(() => days.update(pages.statement.rows, noTotals, new Set()));
  scope.add(
    pages.on("change", (fresh) => {
      days.update(pages.statement.rows, noTotals, fresh);
      setText(foot, footText(pages));
      again.hidden = pages.failed === "";
      watch.unobserve(end);
      if (!pages.loading) watch.observe(end);
    }),
  );
  scope.add(app.bank.on("rows", (rows) => void (rows.some((row) => row.BeneficiarioID !== null) && pages.refresh())));
  scope.add(app.bank.on("load", () => void pages.refresh()));
  return el("section", { class: "panel person-rows-panel", "aria-label": "Movimentações entre vocês" }, el("h2", {}, "Entre vocês"), days.node, foot, again, end);
}

/** @param {PersonPages} pages */
function footText({ failed, loading, complete, statement }) {
  if (failed) return failed;
  if (loading) return "Carregando…";
  if (statement.rows.length === 0) return "Nenhuma transferência entre vocês ainda.";
  return complete ? "Você chegou ao começo." : "";
}
