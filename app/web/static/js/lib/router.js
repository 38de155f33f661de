// @ts-check

/** @typedef {{ name: string, params: string[] }} Route */

/**
 * `#/extrato/3` is { name: "extrato", params: ["3"] }. Other fragments are not ours.
 * @param {string} hash
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [name = "", ...params] = hash.replace(/^#\/?/, "").split("/").map(decoded);
  return { name: name || "inicio", params };
}

/** @param {string} part as it is when it was cut off in the middle of a character */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** @param {(route: Route) => void} show called when the address changes */
export function onRoute(show) {
  window.addEventListener("hashchange", () => show(parseRoute(location.hash)));
}

/** @param {string} path or what the address begins with, part by part */
export const isAt = (path) => `${location.hash}/`.startsWith(`#/${path}/`);

/** @param {string} path */
export function navigate(path) {
  const hash = `#/${path}`;
  if (location.hash !== hash) location.hash = hash;
}

/** @param {string} path takes the place of the current page in the history */
export function replaceWith(path) {
  location.replace(`#/${path}`);
}

/**
 * The next page, under a name that something was kept under already.
 * @param {string} path
 * @param {string} place
 */
export function navigateTo(path, place) {
  history.pushState({ place }, "", `#/${path}`);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

/** The name of the current page in this tab's history: the same whenever the person comes back to it. */
export function placeHere() {
  const known = history.state?.place;
  if (known) return String(known);
  const place = newPlace();
  history.replaceState({ place }, "");
  return place;
}

/** Not a number in a row: a tab that was duplicated goes its own way. */
export function newPlace() {
  return crypto.getRandomValues(new Uint32Array(2)).join("-");
}
