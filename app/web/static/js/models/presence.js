// @ts-check
import { dayKey, dayName, formatTime } from "./dates.js";
import { Emitter } from "./emitter.js";
/** @import { PresenceEvent, PresenceList } from "../types/wire.js" */

/** @typedef {{ name: string, online: boolean, seenAt: string | null, version: number }} Seen */

/**
 * Which contacts are online. What is told of somebody under a lower version than is known of them is older, and is
 * passed over.
 * @extends {Emitter<{ change: Presence }>}
 */
export class Presence extends Emitter {
  /** @type {Map<number, Seen>} */
  #byId = new Map();
  /** Of everybody who is not known by a newer one. */
  #version = 0;

  /** @param {PresenceEvent} event */
  receive({ usuario_id: id, nome: name, online, versao: version, visto_em: seenAt }) {
    if (version < Math.max(this.#version, this.#byId.get(id)?.version ?? 0)) return;
    this.#byId.set(id, { name, online, seenAt, version });
    this.emit("change", this);
  }

  /** @param {PresenceList} list everybody who may be seen */
  load({ usuarios, vistos, versao: version }) {
    const before = this.#byId;
    if (version < this.#version) return;
    this.#version = version;
    const online = usuarios.map(({ usuario_id, nome }) => /** @type {const} */ ([usuario_id, { name: nome, online: true, seenAt: null, version }]));
    const gone = Object.entries(vistos).map(([id, seenAt]) => /** @type {const} */ ([Number(id), { name: before.get(Number(id))?.name ?? "", online: false, seenAt, version }]));
    const newer = [...before].filter(([, seen]) => seen.version > version);
    this.#byId = new Map([...gone, ...online, ...newer]);
    this.emit("change", this);
  }

  /** @param {number} id */
  isOnline(id) {
    return this.#byId.get(id)?.online ?? false;
  }

  /**
   * "online", "visto por último hoje às 14:02", or nothing where nothing is known.
   * @param {number} id
   * @param {Date} [now]
   */
  wordsFor(id, now = new Date()) {
    const seen = this.#byId.get(id);
    if (seen?.online) return "online";
    if (!seen?.seenAt) return "";
    const day = dayName(dayKey(seen.seenAt), now).toLowerCase();
    return `visto por último ${/\d/.test(day) ? "em " : ""}${day} às ${formatTime(seen.seenAt)}`;
  }

  /** @returns {{ id: number, name: string }[]} by name */
  get online() {
    const here = [...this.#byId].filter(([, seen]) => seen.online).map(([id, { name }]) => ({ id, name }));
    return here.sort((a, b) => a.name.localeCompare(b.name, "pt-BR"));
  }

  clear() {
    this.#byId.clear();
    this.#version = 0;
    this.emit("change", this);
  }
}
