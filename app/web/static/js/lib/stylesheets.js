// @ts-check
import { el } from "./dom.js";

const folder = new URL("../../css/", import.meta.url).pathname;
/** Those that are here or on their way. @type {Map<string, Promise<unknown>>} */
const sheets = new Map();

/**
 * A part of the page together with what it looks like: whoever waits for it never shows it without.
 * @template Part
 * @param {string[]} names of the stylesheets, from css/
 * @param {() => Promise<Part>} load
 * @returns {Promise<Part>}
 */
export async function styled(names, load) {
  const [part] = await Promise.all([load(), ...names.map(sheet)]);
  return part;
}

/** @param {string} name */
function sheet(name) {
  const known = sheets.get(name) ?? fetchSheet(name);
  sheets.set(name, known);
  return known;
}

/**
 * One that does not arrive is asked for again the next time.
 * @param {string} name
 */
function fetchSheet(name) {
  return new Promise((resolve, reject) => {
    const refused = () => {
      link.remove();
      sheets.delete(name);
      reject(new Error(`The stylesheet ${name} did not arrive.`));
    };
    const link = el("link", { rel: "stylesheet", href: `${folder}${name}.css`, onload: resolve, onerror: refused });
    document.head.append(link);
  });
}
