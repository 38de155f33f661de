// @ts-check
import { Presence } from "../models/presence.js";
/** @import { App } from "../app.js" */

/** Without a line for this long nobody is said to be online: they may have gone. */
const KEPT_MS = 15_000;

/**
 * Who is online, from the first screen on that shows it: the bank is asked for all of them now and whenever there is a
 * line again, and tells of each change in between.
 * @param {App} app
 */
export function makePresence(app) {
  const { connection, session } = app;
  const presence = new Presence();
  /** @type {number | undefined} */
  let ends;
  const doubt = (/** @type {boolean} */ isLive) => {
    if (isLive) {
      clearTimeout(ends);
      ends = undefined;
    } else ends ??= setTimeout(() => presence.clear(), KEPT_MS);
  };
  const ask = () => app.say("presenca_listar", {});
  app.on("presenca", (event) => presence.receive(event));
  app.on("presenca_lista", (list) => presence.load(list));
  app.on("live", ask);
  connection.on("change", ({ state }) => doubt(state === "conectado"));
  session.on("closed", () => presence.clear());
  if (connection.state === "conectado") ask();
  return presence;
}
