// @ts-check
import { el } from "./dom.js";
/** @import { Http } from "./http.js" */

/** Long enough for any browser to have begun the download. */
const KEEP_URL_MS = 60_000;

/**
 * Fetches a file as its owner and hands it to the browser's downloads.
 * @param {Http} http
 * @param {string} path
 * @param {string} name
 */
export async function download(http, path, name) {
  const url = URL.createObjectURL(await http.file(path));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEEP_URL_MS);
}
