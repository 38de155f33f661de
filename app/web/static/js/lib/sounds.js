// @ts-check
import { noticeKind } from "../models/message_line.js";
import { complete, defaults, soundFor } from "../models/preferences.js";
import { Emitter } from "../models/emitter.js";
import { play, unlock } from "./synth.js";
/** @import { App } from "../app.js" */
/** @import { Notification, Preferences } from "../types/wire.js" */

const CHANNEL = "saldo-vivo:preferencias";
/** Many notifications at once (after an absence) make one sound. */
const APART_MS = 250;

/**
 * The sound of each notification, by the person's preferences. Of several tabs one plays: the one
 * that holds the lock, which a tab asks for once the browser lets it make sounds at all.
 * @extends {Emitter<{ change: Preferences }>}
 */
export class Sounds extends Emitter {
  preferences = defaults();
  #app;
  #speaks = false;
  #lastAt = 0;
  /** Until the saved ones are known, these are only the defaults: never saved over the others. */
  known = false;
  /** One is saved after the other, or an older one could arrive last. */
  #saving = /** @type {Promise<void>} */ (Promise.resolve());
  /** How many are being saved. */
  #unsaved = 0;
  #channel = new BroadcastChannel(CHANNEL);

  /** @param {App} app */
  constructor(app) {
    super();
    this.#app = app;
    this.#channel.onmessage = ({ data }) => this.changedElsewhere(data);
    app.inbox.on("arrived", (event) => this.#hear(event));
    app.chat.on("news", (event) => this.#hear({ tipo: noticeKind(event) }));
    app.session.on("opened", () => this.#begin());
    app.connection.on("change", ({ state }) => state === "conectado" && !this.known && this.load().catch(() => undefined));
    if (app.session.token) this.#begin();
    unlock(() => this.#takeTurn());
  }

  /** Somebody else's may be here from before. */
  #begin() {
    this.known = false;
    this.preferences = defaults();
    this.emit("change", this.preferences);
    this.load().catch(() => undefined);
  }

  async load() {
    const { http, session } = this.#app;
    const user = session.user?.id;
    const saved = await http.get("/preferencias");
    if (session.user?.id === user) this.#adopt(saved);
  }

  /** @param {(draft: Preferences) => void} change made to what is saved, not to what is only the default */
  save(change) {
    const early = this.known;
    this.#unsaved += 1;
    if (early) this.#change(change);
    const saved = this.#saving.then(async () => {
      if (!this.known) await this.load();
      if (!early) this.#change(change);
      await this.#app.http.put("/preferencias", this.preferences);
      this.#channel.postMessage(this.preferences);
    });
    this.#saving = saved.catch(() => undefined).finally(() => (this.#unsaved -= 1));
    return saved;
  }

  /**
   * What another device saved. While this one saves, its own choice comes later.
   * @param {Preferences} preferences
   */
  changedElsewhere(preferences) {
    if (this.#unsaved === 0) this.#adopt(preferences);
  }

  /** @param {(draft: Preferences) => void} change */
  #change(change) {
    const preferences = structuredClone(this.preferences);
    change(preferences);
    this.#adopt(preferences);
  }

  /** @param {string} sound */
  preview(sound) {
    play(sound, this.preferences.volume / 100);
  }

  /** @param {Partial<Preferences> | null} preferences */
  #adopt(preferences) {
    this.known = true;
    this.preferences = complete(preferences);
    this.emit("change", this.preferences);
  }

  /** Without locks (an address that is no secure context) the visible tab speaks. */
  #takeTurn() {
    if (!navigator.locks) {
      this.#speaks = true;
      return;
    }
    navigator.locks.request("saldo-vivo:som", () => {
      this.#speaks = true;
      return new Promise(() => undefined);
    });
  }

  /** @param {Pick<Notification, "tipo">} event */
  #hear({ tipo }) {
    const now = Date.now();
    const mine = this.#speaks && (navigator.locks || !document.hidden);
    const sound = mine ? soundFor(this.preferences, tipo, new Date(now)) : null;
    if (!sound || now - this.#lastAt < APART_MS) return;
    this.#lastAt = now;
    this.preview(sound);
  }
}
