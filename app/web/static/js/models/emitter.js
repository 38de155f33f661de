// @ts-check

/**
 * The one way by which models tell views that something changed.
 * @template {Record<string, unknown>} Events
 */
export class Emitter {
  /** @type {Map<keyof Events, Set<(value: any) => void>>} */
  #listeners = new Map();

  /**
   * @template {keyof Events} K
   * @param {K} name
   * @param {(value: Events[K]) => void} listen
   * @returns {() => void} takes the listener away again
   */
  on(name, listen) {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listen);
    return () => listeners.delete(listen);
  }

  /**
   * @template {keyof Events} K
   * @param {K} name
   * @param {Events[K]} value
   */
  emit(name, value) {
    for (const listen of [...(this.#listeners.get(name) ?? [])]) listen(value);
  }
}
