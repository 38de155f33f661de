// @ts-check

/**
 * What a search finds, by the same rule as `app/search.py`: both are held to one table of cases.
 * @typedef {object} Search
 * @property {string} text folded
 * @property {{ low: number, high: number, credit: boolean | null } | null} amount centavos without sign, up to before `high`
 */

const AMOUNT =
  /^([+\-\u2212])? ?(?:r\$)? ?(?:([0-9]{1,3}(?:\.[0-9]{3}){1,4}|[0-9]{1,13})(?:,([0-9]{1,2}))?|([0-9]{1,13})\.([0-9]{1,2}))$/;

/**
 * Without case, accents, invisible characters and needless spaces.
 * @param {string} text
 */
export function folded(text) {
  const kept = text.normalize("NFKD").replace(/[\p{Cc}\p{Z}]/gu, " ").replace(/[\p{M}\p{Cf}]/gu, "");
  // By the single character, since a sigma at the end of a word would be another one; and to capitals in between, since
  // ß has only those in common with SS. A capital may bring a mark of its own.
  const each = (/** @type {string} */ chars, /** @type {(char: string) => string} */ change) => [...chars].map(change).join("");
  const capitals = each(each(kept, (char) => char.toLowerCase()), (char) => char.toUpperCase());
  const lower = each(capitals, (char) => char.toLowerCase());
  return lower.normalize("NFKD").replace(/\p{M}/gu, "").split(" ").filter(Boolean).join(" ");
}

/**
 * @param {string} typed
 * @returns {Search | null} null for nothing but spaces and invisible characters
 */
export function searchFor(typed) {
  const text = folded(typed);
  return text ? { text, amount: amountRange(text) } : null;
}

/**
 * The amounts that begin as the text does: 50 is R$ 50,00 to 50,99, and 12,5 is R$ 12,50 to 12,59.
 * @param {string} text
 */
function amountRange(text) {
  const [, sign, reais, cents, plainReais, plainCents] = AMOUNT.exec(text) ?? [];
  const whole = reais ?? plainReais;
  if (whole === undefined) return null;
  const part = cents ?? plainCents ?? "";
  const low = Number(whole.replaceAll(".", "") + part.padEnd(2, "0"));
  return { low, high: low + 10 ** (2 - part.length), credit: sign === undefined ? null : sign === "+" };
}

/**
 * @param {Search} search
 * @param {{ text: string, cents: number }} row its description and the other party's name, and its signed amount
 */
export function finds({ text, amount }, row) {
  if (folded(row.text).includes(text)) return true;
  if (amount === null) return false;
  const cents = Math.abs(row.cents);
  if (amount.credit !== null && amount.credit !== row.cents > 0) return false;
  return cents >= amount.low && cents < amount.high;
}
