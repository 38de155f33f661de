// @ts-check
import { Emitter } from "../models/emitter.js";
import { PUSH_KEY, sessionOf } from "../models/session.js";
/** @import { App } from "../app.js" */

/** A service worker that is only being installed is waited for so long. */
const READY_MS_MAX = 3000;

/**
 * @typedef {"desconhecido" | "sem_suporte" | "indisponivel" | "bloqueado" | "desligado" | "ligado"} PushState
 * @typedef {{ usuario: number, sessao: string, endereco: string, inscricao: number }} KeptPush for whom this browser is subscribed
 */

/**
 * Whether this browser is told of what happens while no page is open. The bank forgets it with the
 * session, so a later login of the same person subscribes again, without a question.
 * @extends {Emitter<{ change: PushState }>}
 */
export class Push extends Emitter {
  /** @type {PushState} */
  state = "desconhecido";
  #app;

  /** @param {App} app */
  constructor(app) {
    super();
    this.#app = app;
    app.session.on("opened", () => this.#resume());
    app.session.on("closed", () => this.#end());
    if (app.session.token) this.#resume();
    else this.#end();
  }

  /** Look how things are; for a page that shows it. */
  async check() {
    this.#set(await this.#look().catch(() => /** @type {const} */ ("indisponivel")));
  }

  /** @returns {Promise<PushState>} */
  async #look() {
    const registration = await ready();
    if (!registration) return "sem_suporte";
    if (Notification.permission === "denied") return "bloqueado";
    const { disponivel } = await this.#app.http.get("/push/chave");
    if (!disponivel) return "indisponivel";
    const subscription = await registration.pushManager.getSubscription();
    return subscription && this.#isMine ? "ligado" : "desligado";
  }

  /** Asks the person, then the browser's push service. Rejects with what the person can do about it. */
  async turnOn() {
    if ((await Notification.requestPermission()) !== "granted") {
      await this.check();
      throw new Error("O navegador não permitiu avisos deste site.");
    }
    await this.#subscribe();
    this.#set("ligado");
  }

  async turnOff() {
    const kept = read();
    localStorage.removeItem(PUSH_KEY);
    await this.#unsubscribe();
    if (kept) await this.#app.http.delete(`/push/inscricoes/${kept.inscricao}`).catch(() => undefined);
    await this.check();
  }

  async #subscribe() {
    const { http, session } = this.#app;
    const [registration, { chave }] = await Promise.all([ready(), http.get("/push/chave")]);
    if (!registration || !chave || !session.user) throw new Error("O banco não envia avisos agora.");
    const subscription = await subscribed(registration, chave).catch(() => {
      throw new Error("O serviço de avisos do navegador não respondeu. Tente de novo mais tarde.");
    });
    const { id } = await http.post("/push/inscricoes", subscription.toJSON());
    const kept = { usuario: session.user.id, sessao: sessionOf(session.token), endereco: subscription.endpoint, inscricao: id };
    localStorage.setItem(PUSH_KEY, JSON.stringify(kept));
  }

  get #isMine() {
    return read()?.usuario === this.#app.session.user?.id;
  }

  /** Who wanted it on this browser has it again: after a login, and when the browser changed the address. */
  async #resume() {
    const kept = read();
    if (!kept || !this.#isMine || !("Notification" in window) || Notification.permission !== "granted") return;
    const subscription = await (await ready())?.pushManager.getSubscription();
    const isCurrent = subscription?.endpoint === kept.endereco && kept.sessao === sessionOf(this.#app.session.token);
    if (!isCurrent) await this.#subscribe().catch(() => undefined);
  }

  /** After a logout nothing of the person appears, also not what is still on its way; nothing is left on the screen. */
  async #end() {
    await this.#unsubscribe().catch(() => undefined);
    this.#set("desconhecido");
  }

  async #unsubscribe() {
    const registration = await navigator.serviceWorker?.getRegistration();
    await (await registration?.pushManager?.getSubscription())?.unsubscribe();
    (await registration?.getNotifications())?.forEach((shown) => shown.close());
  }

  /** @param {PushState} state */
  #set(state) {
    this.state = state;
    this.emit("change", state);
  }
}

/** @param {App} app */
export const makePush = (app) => new Push(app);

/** @returns {KeptPush | null} */
function read() {
  try {
    return JSON.parse(localStorage.getItem(PUSH_KEY) ?? "null");
  } catch {
    return null;
  }
}

/** The page's service worker, where the browser has one and can push; else null. */
async function ready() {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return null;
  const late = new Promise((resolve) => setTimeout(resolve, READY_MS_MAX, null));
  return /** @type {Promise<ServiceWorkerRegistration | null>} */ (Promise.race([navigator.serviceWorker.ready, late]));
}

/**
 * One that was made for another key of the bank is of no use.
 * @param {ServiceWorkerRegistration} registration
 * @param {string} key base64url
 */
async function subscribed({ pushManager }, key) {
  const options = { userVisibleOnly: true, applicationServerKey: key };
  return pushManager.subscribe(options).catch(async (error) => {
    const stale = await pushManager.getSubscription();
    if (!stale) throw error;
    await stale.unsubscribe();
    return pushManager.subscribe(options);
  });
}
