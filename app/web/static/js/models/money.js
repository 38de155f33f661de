// @ts-check
/** @import { Money } from "../types/wire.js" */

/** R$ 1.000.000.000,00, the most that one operation may move. */
export const AMOUNT_CENTS_MAX = 100_000_000_000;

const brl = new Intl.NumberFormat("pt-BR", { style: "currency", currency: "BRL" });
const plain = new Intl.NumberFormat("pt-BR", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const short = new Intl.NumberFormat("pt-BR", { notation: "compact", maximumFractionDigits: 1 });

/**
 * Reais as they travel ("1234.50" or 1234.5) to whole centavos, the only form the page computes with.
 * @param {Money} value
 */
export function toCents(value) {
  return Math.round(Number(value) * 100) || 0;
}

/**
 * Centavos to the decimal string that the API reads without any binary float in between.
 * @param {number} cents
 */
export function toDecimal(cents) {
  const digits = String(Math.abs(cents)).padStart(3, "0");
  return `${cents < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** @param {number} cents */
export function formatBRL(cents) {
  return brl.format(cents / 100);
}

/**
 * With a sign on both sides of zero, as a statement shows it.
 * @param {number} cents
 */
export function formatSigned(cents) {
  return `${cents < 0 ? "−" : "+"} ${brl.format(Math.abs(cents) / 100)}`;
}

/** @param {number} cents */
export function formatShort(cents) {
  return `R$ ${short.format(cents / 100)}`;
}

/**
 * What an amount field shows for centavos.
 * @param {number} cents
 */
export function formatAmount(cents) {
  return plain.format(cents / 100);
}

const ONLY_NUMBERS = "Use só números, como 1.234,56.";
const NO_NEGATIVES = "O valor não pode ser negativo.";
const TWO_PLACES = "Depois da vírgula cabem só dois algarismos.";
const OVER_LIMIT = `O limite por operação é ${brl.format(AMOUNT_CENTS_MAX / 100)}.`;

/**
 * What a person means who typed or pasted this. Nothing is left out to make sense of it: what is no
 * amount is a problem, said in words, and zero centavos.
 * @param {string} text
 * @returns {{ cents: number, problem: string }}
 */
export function readAmount(text) {
  const problem = (/** @type {string} */ words) => ({ cents: 0, problem: words });
  if (/[-\u2010-\u2015\u2212]/.test(text)) return problem(NO_NEGATIVES);
  const said = text.trim().replace(/^R\$\s*/i, "");
  if (said === "") return problem("");
  if (!/^[\d.,\s]*\d[\d.,\s]*$/.test(said)) return problem(ONLY_NUMBERS);
  const parts = splitAmount(said);
  if (!parts) return problem(ONLY_NUMBERS);
  if (parts.fraction.length > 2) return problem(TWO_PLACES);
  const cents = Number(parts.whole + parts.fraction.padEnd(2, "0"));
  return cents > AMOUNT_CENTS_MAX ? problem(OVER_LIMIT) : { cents, problem: "" };
}

/**
 * The last separator begins the centavos, unless it can only part thousands: "1.234" and
 * "1.234.567" are whole reais, "1234.56" and "0,5" are not.
 * @param {string} text digits, points, commas and spaces
 * @returns {{ whole: string, fraction: string } | null} null when its groups are none
 */
function splitAmount(text) {
  const mark = Math.max(text.lastIndexOf(","), text.lastIndexOf("."));
  const sign = text.charAt(mark);
  const repeated = mark >= 0 && text.indexOf(sign) !== mark;
  const thousands = repeated || (sign === "." && /^[1-9]\d{0,2}\.\d{3}$/.test(text));
  const whole = mark < 0 || thousands ? text : text.slice(0, mark);
  const fraction = mark < 0 || thousands ? "" : text.slice(mark + 1);
  if (!/^\d*$/.test(fraction) || !/^(\d*|\d{1,3}(\.\d{3})+|\d{1,3}(,\d{3})+|\d{1,3}(\s\d{3})+)$/.test(whole)) return null;
  return { whole: whole.replace(/\D/g, ""), fraction };
}

/** As the field writes an amount itself; a digit typed behind it pushes the others to the left. */
const WRITTEN = /^\d[\d.]*,\d\d$/;

/**
 * What a digit makes of the amount when it is typed at the end: as on a card terminal, 1 2 3 4 is 12,34.
 * Every digit stays, also past the limit.
 * @param {string} text what stands in the field
 * @param {string} digit
 * @returns {string | null} null where a digit is just a character more
 */
export function pushDigit(text, digit) {
  if (text !== "" && !WRITTEN.test(text)) return null;
  const digits = (text + digit).replace(/\D/g, "").replace(/^0+/, "").padStart(3, "0");
  return `${digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ".")},${digits.slice(-2)}`;
}

/**
 * What a separator makes of digits that were pushed in: who writes the comma meant whole reais.
 * @param {string} text as `pushDigit` wrote it
 * @param {string} separator
 */
export function beginCents(text, separator) {
  return String(Number(text.replace(/\D/g, ""))) + separator;
}
