// @ts-check
import { el, icon } from "../lib/dom.js";
import { KINDS, SECURITY, SOUNDS } from "../models/preferences.js";
import { field } from "./field.js";
import { KIND_ICONS, KIND_NAMES } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { Preferences } from "../types/wire.js" */
/** @import { Part, Save } from "./preferences.js" */

/** @type {Record<string, string>} */
const SOUND_NAMES = {
  sino: "Sino",
  gota: "Gota",
  moeda: "Moeda",
  acorde: "Acorde",
  pulso: "Pulso",
  madeira: "Madeira",
  nenhum: "Nenhum",
};

/**
 * How each kind of notice is told, and how loud.
 * @param {App["sounds"]} sounds
 * @param {Save} save
 * @returns {Part}
 */
export function kindsPart(sounds, save) {
  const volume = el("input", { type: "range", id: "volume", min: 0, max: 100, step: 5, "data-testid": "volume" });
  volume.addEventListener("change", () => {
    const chosen = Number(volume.value);
    save((draft) => (draft.volume = chosen));
  });
  const rows = KINDS.map((kind) => kindRow(sounds, kind, save));
  const node = el(
    "section",
    { class: "panel", "aria-labelledby": "sons" },
    el("h2", { id: "sons" }, "Avisos"),
    el("p", { class: "soft" }, "Como cada tipo chega até você. O sino guarda todos, também os que não aparecem. Só uma das abas abertas toca."),
    el("ul", { class: "kind-list", role: "list" }, ...rows.map((row) => row.node)),
    field("Volume", volume).node,
  );
  const show = (/** @type {Preferences} */ preferences) => {
    rows.forEach((row) => row.show(preferences));
    volume.value = String(preferences.volume);
  };
  return { node, show };
}

/**
 * @param {App["sounds"]} sounds
 * @param {string} kind
 * @param {Save} save
 * @returns {Part}
 */
function kindRow(sounds, kind, save) {
  const name = KIND_NAMES[kind];
  const options = SOUNDS.map((sound) => el("option", { value: sound }, SOUND_NAMES[sound]));
  const select = el("select", { "aria-label": `Som de ${name}`, "data-testid": `som-${kind}` }, ...options);
  const listen = () => sounds.preview(select.value);
  const preview = el("button", { type: "button", class: "ghost", "aria-label": `Ouvir o som de ${name}`, onclick: listen, "data-testid": `ouvir-${kind}` }, icon("play"));
  select.addEventListener("change", () => {
    listen();
    const sound = select.value;
    save((draft) => (draft.sons[kind] = sound));
  });
  const isFixed = kind === SECURITY;
  const ways = [
    way({ kind, list: "ocultos", id: "tela", words: "Na tela", says: `Mostrar na tela: ${name}`, fixed: isFixed }, save),
    way({ kind, list: "mudos", id: "tocar", words: "Com som", says: `Tocar em ${name}`, fixed: false }, save),
    way({ kind, list: "sem_push", id: "push", words: "Página fechada", says: `Avisar com a página fechada: ${name}`, fixed: isFixed }, save),
  ];
  const show = (/** @type {Preferences} */ preferences) => {
    select.value = preferences.sons[kind];
    ways.forEach((each) => each.show(preferences));
  };
  const node = el(
    "li",
    { class: "kind-row" },
    el("span", { class: "kind-name" }, icon(KIND_ICONS[kind]), name, isFixed ? el("small", { class: "soft" }, "sempre aparece e sempre avisa") : null),
    el("span", { class: "kind-ways" }, ...ways.map((each) => each.node)),
    el("span", { class: "kind-sound" }, select, preview),
  );
  return { node, show };
}

/**
 * On, unless the kind is in the list of those that are not wanted this way.
 * @param {{ kind: string, list: "ocultos" | "mudos" | "sem_push", id: string, words: string, says: string, fixed: boolean }} about
 * @param {Save} save
 * @returns {Part}
 */
function way({ kind, list, id, words, says, fixed }, save) {
  const on = el("input", { type: "checkbox", role: "switch", "aria-label": says, disabled: fixed, checked: fixed, "data-testid": `${id}-${kind}` });
  on.addEventListener("change", () => {
    const isWanted = on.checked;
    save((draft) => {
      draft[list] = draft[list].filter((each) => each !== kind);
      if (!isWanted) draft[list].push(kind);
    });
  });
  const show = (/** @type {Preferences} */ preferences) => {
    if (!fixed) on.checked = !preferences[list].includes(kind);
  };
  return { node: el("label", { class: "kind-way" }, on, words), show };
}
