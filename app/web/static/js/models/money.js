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
 * What a card terminal shows while digits are typed: 1 2 3 4 is 12,34.
 * @param {number} cents
 */
export function formatAmount(cents) {
  return plain.format(cents / 100);
}

/**
 * The centavos in whatever stands in an amount field: every digit counts, in order.
 * Digits that would pass the limit are not taken, as on a terminal.
 * @param {string} text
 */
export function typedCents(text) {
  let cents = 0;
  for (const digit of text.replace(/[^0-9]/g, "")) {
    const next = cents * 10 + Number(digit);
    if (next > AMOUNT_CENTS_MAX) break;
    cents = next;
  }
  return cents;
}
