// @ts-check
/** @import { Store } from "./session.js" */

const KEY = "saldo-vivo:lugares";
/** Of more pages than these, the oldest are found as if they were new. */
const PLACES_MAX = 50;

/** @typedef {{ owner: number | null, places: Record<string, Record<string, any>> }} Kept */

/** What a person left on one page of this tab's history. */
export class Place {
  #places;

  /**
   * @param {Places} places
   * @param {string} id
   */
  constructor(places, id) {
    this.#places = places;
    this.id = id;
  }

  /**
   * @param {string} what
   * @returns {any} null when nothing was left
   */
  kept(what) {
    return this.#places.read().places[this.id]?.[what] ?? null;
  }

  /**
   * @param {string} what
   * @param {unknown} value null to keep nothing
   */
  keep(what, value) {
    this.#places.write(this.id, { [what]: value });
  }

  /**
   * What was left for one time only.
   * @param {string} what
   */
  take(what) {
    const value = this.kept(what);
    if (value !== null) this.keep(what, null);
    return value;
  }
}

/**
 * The pages of this tab's history as one person left them: filters, a half-filled form, how far down
 * they were. They find it again by going back, after a reload and after a login; nobody else does.
 */
export class Places {
  #store;

  /** @param {Store} store that lives as long as the tab */
  constructor(store) {
    this.#store = store;
  }

  /** @param {string} id of an entry of the history */
  at(id) {
    return new Place(this, id);
  }

  /**
   * Whose pages these are from now on.
   * @param {number} user
   * @returns {boolean} false when they were somebody else's, who left them
   */
  own(user) {
    const { owner, places } = this.read();
    const same = owner === null || owner === user;
    this.#save({ owner: user, places: same ? places : {} });
    return same;
  }

  /** Who leaves by themselves leaves nothing. */
  clear() {
    const { owner } = this.read();
    this.#save({ owner, places: {} });
  }

  /**
   * What was done is not left to be sent again by going back: neither its confirmation nor the form it came from.
   * @param {(draft: any) => boolean} isDone
   */
  settle(isDone) {
    const { owner, places } = this.read();
    for (const [id, { rascunho, formulario }] of Object.entries(places)) {
      if (!rascunho || !isDone(rascunho)) continue;
      delete places[id];
      delete places[formulario];
    }
    this.#save({ owner, places });
  }

  /** @returns {Kept} */
  read() {
    try {
      const { owner = null, places = {} } = JSON.parse(this.#store.getItem(KEY) ?? "{}");
      return { owner, places };
    } catch {
      return { owner: null, places: {} };
    }
  }

  /**
   * @param {string} id
   * @param {Record<string, unknown>} values
   */
  write(id, values) {
    const { owner, places } = this.read();
    const { [id]: known = {}, ...others } = places;
    const newest = Object.entries(others).slice(1 - PLACES_MAX);
    this.#save({ owner, places: { ...Object.fromEntries(newest), [id]: { ...known, ...values } } });
  }

  /** @param {Kept} kept */
  #save(kept) {
    this.#store.setItem(KEY, JSON.stringify(kept));
  }
}
