// @ts-check
import { el, icon, setText } from "../lib/dom.js";
import { Scope } from "../lib/scope.js";
import { readClock } from "../models/preferences.js";
import { field } from "./field.js";
import { presenceChoice } from "./presence_choice.js";
import { kindsPart } from "./kind_preferences.js";
import { pushPart } from "./push_preferences.js";
import { themeChoice } from "./theme.js";
/** @import { App } from "../app.js" */
/** @import { Preferences } from "../types/wire.js" */

/**
 * The controls may show something else by the time that a change is made: it brings its own value.
 * @typedef {(change: (draft: Preferences) => void) => Promise<void>} Save
 */
/** @typedef {{ node: HTMLElement, show: (preferences: Preferences) => void }} Part what shows some of the preferences */

/** How long without a touch, in minutes. */
const LOCKS = [5, 15, 30, 60, 120, 0];

/** @param {App} app */
export function preferencesView(app) {
  const { sounds } = app;
  const scope = new Scope();
  const status = el("p", { class: "saved", role: "status", "data-testid": "preferencias-estado" });
  let turn = 0;
  /** @type {Save} */
  const save = async (change) => {
    const mine = (turn += 1);
    const say = (/** @type {string} */ text) => mine === turn && setText(status, text);
    say("Salvando…");
    await sounds.save(change).then(
      () => say("Preferências salvas."),
      (error) => {
        show();
        say(`Não foi possível salvar. ${error.message}`);
      },
    );
  };
  const parts = [kindsPart(sounds, save), quietPart(save), pushPart(app, save, scope), safetyPart(app, save)];
  const show = () => parts.forEach((part) => part.show(sounds.preferences));
  scope.add(sounds.on("change", show));
  show();
  const node = el(
    "div",
    { class: "preferences" },
    el("h1", {}, "Preferências"),
    el("a", { class: "panel security-link", href: "#/seguranca", "data-testid": "preferencias-seguranca" }, icon("shield-check"), el("span", {}, el("b", {}, "Segurança"), el("small", {}, "Sessões, senha e segundo fator")), icon("chevron-right")),
    el("section", { class: "panel", "aria-labelledby": "aparencia" }, el("h2", { id: "aparencia" }, "Aparência"), themeChoice(scope)),
    ...parts.map((part) => part.node),
    presenceChoice(app, scope),
    panelLink(app),
    status,
  );
  return { node, title: "Preferências", dispose: () => scope.dispose() };
}

/**
 * The way to the panel, for whom there is one.
 * @param {App} app
 */
function panelLink({ http }) {
  const link = el("p", { hidden: true }, el("a", { href: "#/painel", "data-testid": "ir-ao-painel" }, "Painel da administração"));
  http.get("/perfil").then(({ administrador }) => (link.hidden = !administrador), () => undefined);
  return link;
}

/**
 * As text: the browser's own field speaks the browser's language, "10:00 PM" in some.
 * @param {string} id
 */
function clockInput(id) {
  return el("input", { id, name: id, inputmode: "numeric", autocomplete: "off", maxlength: 5, "data-testid": id });
}

/**
 * @param {Save} save
 * @returns {Part}
 */
function quietPart(save) {
  const on = el("input", { type: "checkbox", role: "switch", id: "silencio", "data-testid": "silencio-ativo" });
  const from = clockInput("silencio-inicio");
  const to = clockInput("silencio-fim");
  const fields = [field("Das", from), field("Até", to)];
  const changed = () => {
    const [inicio, fim] = [from, to].map((input) => readClock(input.value));
    [inicio, fim].forEach((clock, index) => fields[index].fail(clock ? "" : "Escreva a hora assim: 22:00."));
    if (!inicio || !fim) return;
    const silencio = { ativo: on.checked, inicio, fim };
    // Where the person is: the bank keeps the hours too, for what it sends to a closed page.
    const { timeZone: fuso } = Intl.DateTimeFormat().resolvedOptions();
    save((draft) => Object.assign(draft, { silencio, fuso }));
  };
  [on, from, to].forEach((input) => input.addEventListener("change", changed));
  const node = el(
    "section",
    { class: "panel", "aria-labelledby": "quietas" },
    el("h2", { id: "quietas" }, "Horas de silêncio"),
    el("label", { class: "switch", for: "silencio" }, on, "Não tocar nem avisar com a página fechada neste horário"),
    el("div", { class: "field-pair" }, ...fields.map((each) => each.node)),
  );
  const show = (/** @type {Preferences} */ { silencio }) => {
    on.checked = silencio.ativo;
    // What is being typed is not written over.
    if (document.activeElement !== from) from.value = silencio.inicio;
    if (document.activeElement !== to) to.value = silencio.fim;
  };
  return { node, show };
}

/**
 * @param {App} app
 * @param {Save} save
 * @returns {Part}
 */
function safetyPart(app, save) {
  const options = LOCKS.map((minutes) => el("option", { value: minutes }, minutes ? `${minutes} minutos` : "Nunca"));
  const lock = el("select", { id: "bloqueio", name: "bloqueio", "data-testid": "bloqueio" }, ...options);
  lock.addEventListener("change", () => {
    const minutes = Number(lock.value);
    save((draft) => (draft.bloqueio_min = minutes));
  });
  const refused = el("p", { class: "field-error", role: "alert" });
  const everywhere = el("button", { type: "button", class: "secondary outline", "data-testid": "sair-todos" }, "Sair de todos os aparelhos");
  everywhere.addEventListener("click", async () => {
    everywhere.disabled = true;
    await app.leaveAll().catch((error) => setText(refused, `Nada foi encerrado. ${error.message}`));
    everywhere.disabled = false;
  });
  const node = el(
    "section",
    { class: "panel", "aria-labelledby": "este-aparelho" },
    el("h2", { id: "este-aparelho" }, "Bloqueio e saída"),
    field("Pedir a senha depois de ficar sem uso por", lock, { hint: "Vale para todas as abas deste navegador, e para os seus outros aparelhos." }).node,
    el(
      "ul",
      { class: "leave-list", role: "list" },
      el("li", {}, el("button", { type: "button", class: "secondary outline", onclick: () => app.leave(), "data-testid": "sair-daqui" }, icon("log-out"), "Sair deste aparelho"), el("small", {}, "Os outros continuam conectados.")),
      el("li", {}, everywhere, el("small", {}, "Encerra a sua sessão em todos os computadores e celulares, inclusive neste.")),
    ),
    refused,
  );
  const show = (/** @type {Preferences} */ { bloqueio_min: minutes }) => {
    // Another program may have chosen a time that is not in the list.
    if (!LOCKS.includes(minutes) && lock.value !== String(minutes)) lock.append(el("option", { value: minutes }, `${minutes} minutos`));
    lock.value = String(minutes);
  };
  return { node, show };
}
