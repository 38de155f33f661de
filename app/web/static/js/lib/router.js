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
