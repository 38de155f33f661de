import assert from "node:assert/strict";
import { test } from "node:test";
import { AMOUNT_CENTS_MAX, formatAmount, formatBRL, formatSigned, toCents, toDecimal, typedCents } from "../../app/web/static/js/models/money.js";

/** Intl separates with spaces that look alike. */
const plain = (text) => text.replace(/\s/g, " ");

test("reais become whole centavos, whichever way they travel", () => {
  const cases = [[0.1, 10], [1234.5, 123450], ["1234.50", 123450], [8.29, 829], [1e9, AMOUNT_CENTS_MAX], [0, 0], [9999999999999.99, 999999999999999]];
  for (const [value, cents] of cases) assert.equal(toCents(value), cents);
});

test("centavos go out as a decimal string and come back the same", () => {
  assert.equal(toDecimal(5), "0.05");
  assert.equal(toDecimal(123450), "1234.50");
  assert.equal(toDecimal(-1), "-0.01");
  for (let cents = 1; cents < 1e11; cents = cents * 7 + 3) assert.equal(toCents(toDecimal(cents)), cents);
});

test("money is shown as in Brazil", () => {
  assert.equal(plain(formatBRL(123456789)), "R$ 1.234.567,89");
  assert.equal(plain(formatSigned(-1234)), "− R$ 12,34");
  assert.equal(plain(formatSigned(1234)), "+ R$ 12,34");
});

test("an amount types like a card terminal", () => {
  let text = "0,00";
  const seen = [..."1234"].map((key) => (text = formatAmount(typedCents(text + key))));
  assert.deepEqual(seen, ["0,01", "0,12", "1,23", "12,34"]);
});

test("pasted amounts are read by their digits", () => {
  assert.equal(typedCents("R$ 1.234,56"), 123456);
  assert.equal(typedCents("abc"), 0);
  assert.equal(typedCents("١٢"), 0);
});

test("digits past the limit are not taken", () => {
  assert.equal(typedCents(`${AMOUNT_CENTS_MAX}7`), AMOUNT_CENTS_MAX);
  assert.equal(typedCents("9".repeat(40)), 99999999999);
});
