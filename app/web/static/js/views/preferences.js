// @ts-check
import { el, icon, setText } from "../lib/dom.js";
import { KINDS, SOUNDS } from "../models/preferences.js";
import { field } from "./field.js";
import { themeChoice } from "./theme.js";
import { KIND_ICONS, KIND_NAMES } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { Preferences } from "../types/wire.js" */

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

/** @param {App} app */
export function preferencesView(app) {
  const status = el("p", { class: "saved", role: "status", "data-testid": "preferencias-estado" });
  const save = async (/** @type {(draft: Preferences) => void} */ change) => {
    const draft = structuredClone(app.sounds.preferences);
    change(draft);
    setText(status, "Salvando…");
    await app.sounds.save(draft).then(
      () => setText(status, "Preferências salvas."),
      (error) => setText(status, `Não foi possível salvar. ${error.message}`),
    );
  };
  const node = el(
    "div",
    { class: "preferences" },
    el("h1", {}, "Preferências"),
    el("section", { class: "panel", "aria-labelledby": "aparencia" }, el("h2", { id: "aparencia" }, "Aparência"), themeChoice()),
    soundsPanel(app, save),
    quietPanel(app, save),
    status,
  );
  return { node, title: "Preferências", dispose: () => undefined };
}

/**
 * @param {App} app
 * @param {(change: (draft: Preferences) => void) => Promise<void>} save
 */
function soundsPanel(app, save) {
  const volume = el("input", { type: "range", id: "volume", min: 0, max: 100, step: 5, "data-testid": "volume" });
  volume.value = String(app.sounds.preferences.volume);
  volume.addEventListener("change", () => save((draft) => (draft.volume = Number(volume.value))));
  return el(
    "section",
    { class: "panel", "aria-labelledby": "sons" },
    el("h2", { id: "sons" }, "Sons"),
    el("p", { class: "soft" }, "Cada tipo de aviso com o seu som. Só uma das abas abertas toca."),
    el("ul", { class: "sound-list", role: "list" }, ...KINDS.map((kind) => soundRow(app, kind, save))),
    field("Volume", volume).node,
  );
}

/**
 * @param {App} app
 * @param {string} kind
 * @param {(change: (draft: Preferences) => void) => Promise<void>} save
 */
function soundRow({ sounds }, kind, save) {
  const name = KIND_NAMES[kind];
  const options = SOUNDS.map((sound) => el("option", { value: sound }, SOUND_NAMES[sound]));
  const select = el("select", { "aria-label": `Som de ${name}`, "data-testid": `som-${kind}` }, ...options);
  select.value = sounds.preferences.sons[kind];
  const listen = () => sounds.preview(select.value);
  const preview = el("button", { type: "button", class: "ghost", "aria-label": `Ouvir o som de ${name}`, onclick: listen, "data-testid": `ouvir-${kind}` }, icon("play"));
  const on = el("input", { type: "checkbox", role: "switch", "aria-label": `Tocar em ${name}`, "data-testid": `mudo-${kind}` });
  on.checked = !sounds.preferences.mudos.includes(kind);
  select.addEventListener("change", () => {
    listen();
    save((draft) => (draft.sons[kind] = select.value));
  });
  on.addEventListener("change", () =>
    save((draft) => {
      draft.mudos = draft.mudos.filter((each) => each !== kind);
      if (!on.checked) draft.mudos.push(kind);
    }),
  );
  return el("li", { class: "sound-row" }, el("span", { class: "sound-name" }, icon(KIND_ICONS[kind]), name), select, preview, on);
}

/**
 * @param {App} app
 * @param {(change: (draft: Preferences) => void) => Promise<void>} save
 */
function quietPanel({ sounds }, save) {
  const { silencio } = sounds.preferences;
  const on = el("input", { type: "checkbox", role: "switch", id: "silencio", "data-testid": "silencio-ativo" });
  on.checked = silencio.ativo;
  const from = el("input", { type: "time", id: "silencio-inicio", required: true, "data-testid": "silencio-inicio" });
  const to = el("input", { type: "time", id: "silencio-fim", required: true, "data-testid": "silencio-fim" });
  from.value = silencio.inicio;
  to.value = silencio.fim;
  const changed = () => {
    if (!from.value || !to.value) return;
    save((draft) => (draft.silencio = { ativo: on.checked, inicio: from.value, fim: to.value }));
  };
  [on, from, to].forEach((input) => input.addEventListener("change", changed));
  return el(
    "section",
    { class: "panel", "aria-labelledby": "quietas" },
    el("h2", { id: "quietas" }, "Horas de silêncio"),
    el("label", { class: "switch", for: "silencio" }, on, "Não tocar nada neste horário"),
    el("div", { class: "filter-dates" }, field("Das", from).node, field("Até", to).node),
  );
}
