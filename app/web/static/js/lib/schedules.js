// @ts-check
import { bodyOf } from "../models/operation.js";
import { datesOf } from "../models/schedule.js";
import { unapproved } from "./approval.js";
/** @import { App } from "../app.js" */
/** @import { Approve } from "./approval.js" */
/** @import { Draft } from "../models/operation.js" */
/** @import { Place } from "../models/places.js" */
/** @import { When } from "../models/schedule.js" */
/** @import { Schedule } from "../types/wire.js" */

/**
 * Asks the bank to do it on its day. The key stays with the page of the confirmation: after a lost answer, a second
 * click or a reload it is still the same schedule.
 * @param {Pick<App, "http" | "places">} app
 * @param {Draft & { when: When }} draft
 * @param {{ here: Place, newKey: () => string, approve?: Approve }} parts
 * @returns {Promise<Schedule>}
 */
export async function makeSchedule({ http, places }, draft, { here, newKey, approve = unapproved }) {
  const key = here.kept("chave") ?? newKey();
  here.keep("chave", key);
  const body = { tipo: draft.kind, ...bodyOf(draft), ...datesOf(draft.when) };
  const made = await approve((headers) => http.post("/agendamentos", body, { "Idempotency-Key": key, ...headers }));
  const done = JSON.stringify(draft);
  places.settle((kept) => JSON.stringify(kept) === done);
  return made;
}
