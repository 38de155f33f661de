// @ts-check
import { dayKey } from "../models/dates.js";

const MINUTE_MS = 60_000;

/** What a view must undo when it leaves the page. */
export class Scope {
  /** @type {(() => void)[]} */
  #undo = [];
  disposed = false;

  /** @param {...(() => void)} undo */
  add(...undo) {
    this.#undo.push(...undo);
  }

  /**
   * @param {EventTarget} target
   * @param {string} type
   * @param {(event: any) => void} listen
   */
  listen(target, type, listen) {
    target.addEventListener(type, listen);
    this.add(() => target.removeEventListener(type, listen));
  }

  /**
   * @param {() => void} run
   * @param {number} ms
   */
  every(ms, run) {
    const timer = setInterval(run, ms);
    this.add(() => clearInterval(timer));
  }

  /** @param {() => void} run when another day has begun: "today" is yesterday now */
  eachDay(run) {
    let day = dayKey(new Date());
    this.every(MINUTE_MS, () => {
      const today = dayKey(new Date());
      if (today === day) return;
      day = today;
      run();
    });
  }

  dispose() {
    this.disposed = true;
    this.#undo.splice(0).forEach((undo) => undo());
  }
}
