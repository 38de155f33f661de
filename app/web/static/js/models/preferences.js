// @ts-check
import { LOCK_MINUTES } from "./idle.js";
/** @import { Preferences } from "../types/wire.js" */

export const KINDS = /** @type {const} */ ([
  "deposito",
  "saque",
  "transferencia",
  "pagamento",
  "agendamento",
  "cobranca",
  "mensagem",
  "contato",
  "aviso",
  "seguranca",
]);
/** Always shown and always pushed. */
export const SECURITY = "seguranca";
export const SOUNDS = /** @type {const} */ (["sino", "gota", "moeda", "acorde", "pulso", "madeira", "nenhum"]);

/** @returns {Preferences} */
export function defaults() {
  return {
    sons: {
      deposito: "moeda",
      saque: "gota",
      transferencia: "sino",
      pagamento: "madeira",
      agendamento: "acorde",
      cobranca: "sino",
      mensagem: "gota",
      contato: "pulso",
      aviso: "pulso",
      seguranca: "acorde",
    },
    mudos: [],
    ocultos: [],
    sem_push: [],
    push_valores: false,
    silencio: { ativo: false, inicio: "22:00", fim: "07:00" },
    fuso: "America/Sao_Paulo",
    volume: 70,
    bloqueio_min: LOCK_MINUTES,
  };
}

/**
 * What the server keeps, completed by what it does not say.
 * @param {Partial<Preferences> | null} saved
 * @returns {Preferences}
 */
export function complete(saved) {
  const base = defaults();
  return {
    sons: { ...base.sons, ...saved?.sons },
    mudos: saved?.mudos ?? base.mudos,
    ocultos: saved?.ocultos ?? base.ocultos,
    sem_push: saved?.sem_push ?? base.sem_push,
    push_valores: saved?.push_valores ?? base.push_valores,
    silencio: { ...base.silencio, ...saved?.silencio },
    fuso: saved?.fuso ?? base.fuso,
    volume: saved?.volume ?? base.volume,
    bloqueio_min: saved?.bloqueio_min ?? base.bloqueio_min,
  };
}

/**
 * A kind that this page does not know yet sounds like a plain notice.
 * @param {string} tipo
 * @returns {typeof KINDS[number]}
 */
export function kindOf(tipo) {
  return KINDS.find((kind) => kind === tipo) ?? "aviso";
}

/**
 * Whether a notice is shown as it arrives; the bell keeps it in any case.
 * @param {Preferences} preferences
 * @param {string} tipo
 */
export function isShown({ ocultos }, tipo) {
  const kind = kindOf(tipo);
  return kind === SECURITY || !ocultos.includes(kind);
}

/**
 * A time of day as people type it ("22:00", "7:5", "22h30", "2200", "22"), as HH:MM; null for what is none.
 * @param {string} text
 */
export function readClock(text) {
  const [, hour, minute = "0"] = /^\s*(\d{1,2})(?:\s*[:h.]?\s*(\d{1,2}))?\s*h?\s*$/i.exec(text) ?? [];
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59) return null;
  return `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
}

/**
 * Quiet from `inicio` up to, but not including, `fim`; over midnight when `fim` is the earlier one.
 * @param {Preferences["silencio"]} quiet
 * @param {Date} now
 */
export function isQuiet({ ativo, inicio, fim }, now) {
  if (!ativo || inicio === fim) return false;
  const clock = `${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")}`;
  return inicio < fim ? clock >= inicio && clock < fim : clock >= inicio || clock < fim;
}

/**
 * @param {Preferences} preferences
 * @param {string} tipo
 * @param {Date} now
 * @returns {string | null} the sound to play, null for silence
 */
export function soundFor(preferences, tipo, now) {
  const kind = kindOf(tipo);
  const sound = preferences.sons[kind] ?? "nenhum";
  const silent = preferences.mudos.includes(kind) || isQuiet(preferences.silencio, now);
  return silent || preferences.volume === 0 || sound === "nenhum" ? null : sound;
}
