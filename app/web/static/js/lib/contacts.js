// @ts-check
import { People } from "../models/people.js";
/** @import { App } from "../app.js" */
/** @import { Http } from "./http.js" */
/** @import { EmailRequest, PersonPayload } from "../types/wire.js" */
/** @import { Session } from "../models/session.js" */

/**
 * The people of who is logged in: fetched when a screen first needs them, and again whenever the bank says that the
 * list has changed. One fetch at a time; a call during one starts another after it.
 */
export class Contacts {
  people = new People();
  #http;
  #session;
  /** @type {Promise<void> | null} */
  #running = null;
  #again = false;

  /** @param {{ http: Http, session: Session }} parts */
  constructor({ http, session }) {
    this.#http = http;
    this.#session = session;
  }

  /** For a screen that shows them. */
  need() {
    if (!this.people.loaded) this.load();
  }

  /** They may have changed; who has not needed them yet does not mind. */
  changed() {
    if (this.people.loaded || this.#running) this.load();
  }

  /** @returns {Promise<void>} */
  load() {
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#fetch().finally(() => {
      this.#running = null;
      if (!this.#again) return;
      this.#again = false;
      this.load();
    });
    return this.#running;
  }

  async #fetch() {
    const user = this.#session.user?.id;
    try {
      const [people, emails] = await Promise.all([
        /** @type {Promise<PersonPayload[]>} */ (this.#http.get("/contatos")),
        /** @type {Promise<EmailRequest[]>} */ (this.#http.get("/contatos/pedidos")),
      ]);
      if (user !== undefined && this.#session.user?.id === user) this.people.load({ people, emails });
    } catch (error) {
      if (this.#session.user?.id === user) this.people.fail(/** @type {Error} */ (error).message);
    }
  }

  /**
   * @param {number} id
   * @returns {Promise<PersonPayload>}
   */
  one(id) {
    return this.#http.get(`/contatos/${id}`);
  }

  /** @param {string} email whose it is, or whether it is anybody's, is not said */
  async askEmail(email) {
    const { mensagem } = await this.#http.post("/contatos", { email });
    await this.load();
    return String(mensagem);
  }

  /** @param {number} id */
  ask(id) {
    return this.#after(this.#http.post("/contatos", { usuario_id: id }));
  }

  /**
   * @param {number} id
   * @param {"aceitar" | "recusar" | "bloquear" | "desbloquear"} verb
   */
  decide(id, verb) {
    return this.#after(this.#http.post(`/contatos/${id}/${verb}`));
  }

  /**
   * @param {number} id
   * @param {boolean} favorito
   */
  favourite(id, favorito) {
    return this.#after(this.#http.put(`/contatos/${id}`, { favorito }));
  }

  /** @param {number} id */
  remove(id) {
    return this.#after(this.#http.delete(`/contatos/${id}`));
  }

  /** @param {number} id of a request by e-mail */
  takeBack(id) {
    return this.#after(this.#http.delete(`/contatos/pedidos/${id}`));
  }

  /**
   * The answer tells at once what the socket would; without a socket it is all there is.
   * @param {Promise<unknown>} done
   */
  async #after(done) {
    await done;
    await this.load();
  }
}

/**
 * Those of who is logged in, from the first screen on that shows them.
 * @param {App} app
 */
export function makeContacts(app) {
  const contacts = new Contacts(app);
  const changed = () => contacts.changed();
  app.on("live", changed);
  app.on("contatos", changed);
  // Whom the person pays is in the list from then on.
  app.bank.on("rows", (rows) => rows.some((row) => row.BeneficiarioID !== null) && changed());
  app.session.on("closed", () => contacts.people.clear());
  return contacts;
}
