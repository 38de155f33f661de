// @ts-check
import { el } from "./dom.js";

/**
 * @param {string} text
 * @returns {Promise<boolean>} whether the browser let it be copied
 */
export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false);
  const area = el("textarea", { class: "sr-only" });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

