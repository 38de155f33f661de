// @ts-check
import { el, setText } from "../lib/dom.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */

const PATH = "/preferencias/presenca";

/**
 * Whether contacts see that the person is online, and when they last were.
 * @param {App} app
 * @param {Scope} scope
 */
export function presenceChoice({ http }, scope) {
  const shown = el("input", { type: "checkbox", role: "switch", id: "presenca-mostrar", disabled: true, "data-testid": "presenca-mostrar" });
  const seen = el("input", { type: "checkbox", role: "switch", id: "presenca-visto", disabled: true, "data-testid": "presenca-visto" });
  const status = el("p", { class: "saved", role: "status", "data-testid": "presenca-estado" });
  const show = (/** @type {{ mostrar: boolean, mostrar_visto: boolean }} */ { mostrar, mostrar_visto }) => {
    shown.checked = mostrar;
    seen.checked = mostrar_visto;
    shown.disabled = false;
    seen.disabled = !mostrar;
  };
  const load = () => http.get(PATH).then((choice) => scope.disposed || show(choice));
  const save = async () => {
    setText(status, "Salvando…");
    try {
      show(await http.put(PATH, { mostrar: shown.checked, mostrar_visto: seen.checked }));
      setText(status, "Preferências salvas.");
    } catch (error) {
      await load().catch(() => undefined);
      setText(status, `Não foi possível salvar. ${/** @type {Error} */ (error).message}`);
    }
  };
  [shown, seen].forEach((input) => input.addEventListener("change", save));
  load().catch((error) => setText(status, error.message));
  return el(
    "section",
    { class: "panel", "aria-labelledby": "presenca-titulo" },
    el("h2", { id: "presenca-titulo" }, "Quem vê você"),
    el("p", { class: "soft" }, "Só os seus contatos. Quem não se mostra também não vê os outros."),
    el("label", { class: "switch", for: shown.id }, shown, "Mostrar quando estou online"),
    el("label", { class: "switch", for: seen.id }, seen, "Mostrar quando estive aqui por último"),
    status,
  );
}
