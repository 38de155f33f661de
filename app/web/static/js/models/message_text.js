// @ts-check
import { dayKey } from "./dates.js";
/** @import { Message } from "../types/wire.js" */

export const TEXT_MAX = 2000;
/** From here on it is said how many characters are left. */
export const COUNT_FROM = 1800;
const CHANGE_WITHIN_MS = 15 * 60_000;

const LINK = /https?:\/\/[^\s<>"'`\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/giu;
/** What ends a sentence, or closes what was opened before the address. */
const AFTER = /[.,;:!?)\]}…]+$/u;

/** @typedef {{ text: string, href: string | null }} Part */

/**
 * A text with its addresses told apart. Only http and https, and shown as typed.
 * @param {string} text
 * @returns {Part[]}
 */
export function partsOf(text) {
  /** @type {Part[]} */
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(LINK)) {
    const address = found[0].replace(AFTER, "");
    const href = hrefOf(address);
    if (href === null) continue;
    if (found.index > at) parts.push({ text: text.slice(at, found.index), href: null });
    parts.push({ text: address, href });
    at = found.index + address.length;
  }
  if (at < text.length) parts.push({ text: text.slice(at), href: null });
  return parts;
}

/** @param {string} address */
function hrefOf(address) {
  try {
    const url = new URL(address);
    // A name before the host makes an address look like another one's.
    return url.username || url.password ? null : url.href;
  } catch {
    return null;
  }
}

/**
 * Characters as the bank counts them: an emoji is one.
 * @param {string} text
 */
export const lengthOf = (text) => [...text.trim().normalize("NFC")].length;

/**
 * Whether the writer may still change it, as far as this clock knows.
 * @param {Message} message
 * @param {number} me
 * @param {number} [now]
 */
export function isChangeable({ de, tipo, apagada, timestamp }, me, now = Date.now()) {
  return de === me && tipo === "texto" && !apagada && now - Date.parse(timestamp) < CHANGE_WITHIN_MS;
}

/**
 * @template {{ timestamp: string }} Each
 * @param {Each[]} messages oldest first
 * @returns {{ day: string, messages: Each[] }[]}
 */
export function daysOf(messages) {
  /** @type {{ day: string, messages: Each[] }[]} */
  const days = [];
  for (const message of messages) {
    const day = dayKey(message.timestamp);
    if (days.at(-1)?.day !== day) days.push({ day, messages: [] });
    days[days.length - 1].messages.push(message);
  }
  return days;
}
