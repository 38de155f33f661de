// @ts-check
import { ApiError } from "./http.js";
/** @import { Http } from "./http.js" */
/** @import { Session } from "../models/session.js" */

const RETRY_MS = 15_000;
/** Browsers keep a timer's wait in 31 bits. */
const WAIT_MS_MAX = 2 ** 31 - 1;

/**
 * Renews the token before it ends; of several tabs, the first one does it for all.
 * @param {Session} session
 * @param {Http} http
 */
export function keepRenewed(session, http) {
  /** @type {number | undefined} */
  let timer;
  const plan = (/** @type {number} */ floorMs = 0) => {
    clearTimeout(timer);
    const ms = session.renewInMs;
    if (ms !== null) timer = setTimeout(() => renew(), Math.min(Math.max(ms, floorMs), WAIT_MS_MAX));
  };
  const renew = async () => {
    try {
      await oneTab(async () => {
        if (session.renewInMs === 0) session.renew((await http.post("/token/renovar")).token);
      });
      plan();
    } catch (error) {
      if (error instanceof ApiError && error.status !== 401) plan(RETRY_MS);
    }
  };
  session.on("opened", () => plan());
  session.on("renewed", () => plan());
  session.on("closed", () => clearTimeout(timer));
  plan();
}

/** @param {() => Promise<void>} run */
function oneTab(run) {
  return navigator.locks ? navigator.locks.request("saldo-vivo:renovar", run) : run();
}
