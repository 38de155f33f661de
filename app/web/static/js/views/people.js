// @ts-check
import { makeContacts } from "../lib/contacts.js";
import { el, fill, icon, setText, sync } from "../lib/dom.js";
import { makePresence } from "../lib/presence.js";
import { Scope } from "../lib/scope.js";
import { lastPaid, SITUATIONS } from "../models/people.js";
import { avatar } from "./avatar.js";
import { personView } from "./person.js";
import { attempt, starButton } from "./person_parts.js";
/** @import { App } from "../app.js" */
/** @import { EmailRequest, PersonPayload } from "../types/wire.js" */
/** @import { Group, People } from "../models/people.js" */

/**
 * Everybody whom the person knows, or one of them.
 * @param {App} app
 * @param {string[]} params the other's id, or none
 */
export function peopleView(app, [id]) {
  return id ? personView(app, id) : listView(app);
}

/** @param {App} app */
function listView(app) {
  const scope = new Scope();
  const contacts = app.part(makeContacts);
  const { people } = contacts;
  const asking = el("section", { class: "panel", "aria-labelledby": "pedidos-titulo", hidden: true });
  const search = el("input", { type: "search", id: "pessoas-busca", autocomplete: "off", maxlength: 80, placeholder: "Nome ou conta", "data-testid": "pessoas-busca" });
  const list = el("div", { class: "people-list", "data-testid": "pessoas-lista" });
  const foot = el("p", { class: "empty", role: "status" });
  search.value = app.here.kept("busca") ?? "";
  const update = () => {
    asking.hidden = people.asking.length === 0;
    showAsking(app, asking);
    const groups = people.groups(search.value);
    const emails = search.value.trim() === "" ? people.emails : [];
    sync(list, [...groups.map((group) => groupView(app, group)), ...(emails.length ? [emailsView(app, emails)] : [])]);
    setText(foot, footText(people, groups.length + emails.length, search.value));
  };
  search.addEventListener("input", () => {
    app.here.keep("busca", search.value);
    update();
  });
  const again = () => keepingFocus(list, update);
  scope.add(people.on("change", again), app.part(makePresence).on("change", again));
  contacts.need();
  update();
  const add = el("button", { type: "button", "data-testid": "pessoas-adicionar", onclick: async () => (await import("./add_person.js")).addPerson(app) }, icon("user-plus"), "Adicionar");
  const node = el(
    "div",
    { class: "people" },
    el("header", { class: "people-head" }, el("h1", {}, "Pessoas"), add),
    asking,
    el("section", { class: "panel", "aria-label": "Lista de pessoas" }, el("label", { class: "sr-only", for: search.id }, "Buscar na lista"), search, list, foot),
  );
  return { node, title: "Pessoas", dispose: () => scope.dispose() };
}

/**
 * The list is made anew; what had the focus is found again by its name.
 * @param {HTMLElement} list
 * @param {() => void} update
 */
function keepingFocus(list, update) {
  const focused = list.contains(document.activeElement) ? document.activeElement?.getAttribute("data-key") : null;
  update();
  if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus();
}

/**
 * @param {People} people
 * @param {number} shown
 * @param {string} typed
 */
function footText(people, shown, typed) {
  if (people.failed) return people.failed;
  if (!people.loaded) return "Carregando…";
  if (shown > 0) return "";
  return typed.trim() ? "Ninguém com este nome ou número." : "Quem você pagar aparece aqui. Você também pode adicionar alguém pelo e-mail.";
}

/**
 * @param {App} app
 * @param {HTMLElement} node
 */
function showAsking(app, node) {
  const rows = app.part(makeContacts).people.asking.map((person) =>
    el(
      "li",
      { class: "person-row is-asking", "data-testid": "pedido" },
      personLink(app, person, SITUATIONS.pedido_recebido),
      el("div", { class: "person-answers" }, answerButton(app, person, "recusar", "Recusar"), answerButton(app, person, "aceitar", "Aceitar")),
    ),
  );
  fill(node, el("h2", { id: "pedidos-titulo" }, "Pedidos para você"), el("ul", { class: "person-rows", role: "list" }, ...rows));
}

/**
 * @param {App} app
 * @param {PersonPayload} person
 * @param {"aceitar" | "recusar"} verb
 * @param {string} words
 */
function answerButton(app, person, verb, words) {
  const button = el(
    "button",
    { type: "button", class: verb === "aceitar" ? null : "secondary outline", "data-testid": `pedido-${verb}`, "aria-label": `${words} o pedido de ${person.nome}` },
    words,
  );
  button.addEventListener("click", () => attempt(button, () => app.part(makeContacts).decide(person.usuario_id, verb)));
  return button;
}

/**
 * @param {App} app
 * @param {Group} group
 */
function groupView(app, { title, people }) {
  return el(
    "section",
    { class: "people-group" },
    el("h2", {}, title),
    el("ul", { class: "person-rows", role: "list" }, ...people.map((person) => personRow(app, person))),
  );
}

/**
 * @param {App} app
 * @param {PersonPayload} person
 */
function personRow(app, person) {
  const line = lastPaid(person) || (person.situacao === "contato" ? `Conta ${person.CorrentistaID ?? ""}` : SITUATIONS[person.situacao]);
  return el("li", { class: "person-row", "data-testid": "pessoa" }, personLink(app, person, line), person.situacao === "bloqueado" ? null : starButton(app, person));
}

/**
 * @param {App} app
 * @param {PersonPayload} person
 * @param {string} line
 */
function personLink(app, { usuario_id: id, nome }, line) {
  return el(
    "a",
    { class: "person-link", href: `#/pessoas/${id}`, "data-key": `pessoa-${id}` },
    avatar(app, id, nome).node,
    el("span", { class: "row-text" }, el("b", {}, nome), el("small", {}, line)),
  );
}

/**
 * @param {App} app
 * @param {EmailRequest[]} emails
 */
function emailsView(app, emails) {
  const rows = emails.map(({ pedido_id: id, email }) => {
    const button = el("button", { type: "button", class: "link", "aria-label": `Cancelar o pedido a ${email}`, "data-key": `email-${id}` }, "Cancelar");
    button.addEventListener("click", () => attempt(button, () => app.part(makeContacts).takeBack(id)));
    return el("li", { class: "person-row", "data-testid": "pedido-email" }, el("span", { class: "row-text" }, el("b", {}, email), el("small", {}, "Sem resposta por enquanto")), button);
  });
  return el("section", { class: "people-group" }, el("h2", {}, "Pedidos por e-mail"), el("ul", { class: "person-rows", role: "list" }, ...rows));
}
