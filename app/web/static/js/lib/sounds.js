// @ts-check
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
  #channel = new BroadcastChannel(CHANNEL);

  /** @param {App} app */
  constructor(app) {
    super();
    this.#app = app;
    this.#channel.onmessage = ({ data }) => this.#adopt(data);
    app.inbox.on("arrived", (event) => this.#hear(event));
    app.session.on("opened", () => this.load());
    if (app.session.token) this.load();
    unlock(() => this.#takeTurn());
  }

  async load() {
    this.#adopt(await this.#app.http.get("/preferencias").catch(() => null));
  }

  /** @param {Preferences} preferences */
  async save(preferences) {
    this.#adopt(preferences);
    await this.#app.http.put("/preferencias", preferences);
    this.#channel.postMessage(preferences);
  }

  /** @param {string} sound */
  preview(sound) {
    play(sound, this.preferences.volume / 100);
  }

  /** @param {Partial<Preferences> | null} preferences */
  #adopt(preferences) {
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

  /** @param {Notification} event */
  #hear({ tipo }) {
    const now = Date.now();
    const mine = this.#speaks && (navigator.locks || !document.hidden);
    const sound = mine ? soundFor(this.preferences, tipo, new Date(now)) : null;
    if (!sound || now - this.#lastAt < APART_MS) return;
    this.#lastAt = now;
    this.preview(sound);
  }
}
