import assert from "node:assert/strict";
import { test } from "node:test";
import { AMOUNT_CENTS_MAX, beginCents, formatAmount, formatBRL, formatSigned, pushDigit, readAmount, toCents, toDecimal } from "../../app/web/static/js/models/money.js";

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
  let text = "";
  const seen = [..."0012345678"].map((key) => (text = pushDigit(text, key)));
  assert.deepEqual(seen, ["0,00", "0,00", "0,01", "0,12", "1,23", "12,34", "123,45", "1.234,56", "12.345,67", "123.456,78"]);
  assert.equal(pushDigit("12,3", "4"), null, "in the middle of editing a digit is a character");
});

test("who writes the comma meant whole reais", () => {
  assert.equal(beginCents("0,50", ","), "50,");
  assert.equal(beginCents("1.234,56", "."), "123456.");
  assert.equal(beginCents("0,00", ","), "0,");
});

test("an amount is what a person means", () => {
  const meant = {
    "50": 5000,
    "50,": 5000,
    "1.234,56": 123456,
    "1234.56": 123456,
    "1,234.56": 123456,
    "1.234": 123400,
    "1.234.567": 123456700,
    "1.234.567,8": 123456780,
    "1 234,56": 123456,
    "R$ 50": 5000,
    "r$\u00a01.234,56": 123456,
    "0,5": 50,
    "0.5": 50,
    ",5": 50,
    "1.5": 150,
    "007": 700,
    " 12,34 ": 1234,
    "1.000.000.000,00": AMOUNT_CENTS_MAX,
  };
  for (const [text, cents] of Object.entries(meant)) assert.deepEqual(readAmount(text), { cents, problem: "" }, text);
});

test("what is no amount is refused with a reason, never mended", () => {
  const refused = {
    "-50": /negativo/,
    "R$ -50": /negativo/,
    "50\u2212": /negativo/,
    "5o": /só números/,
    "50 reais": /só números/,
    "1e3": /só números/,
    "١٢": /só números/,
    ".": /só números/,
    "1.23.4": /só números/,
    "12.34.567": /só números/,
    "12,34,56": /só números/,
    "1.234.56": /só números/,
    "1,2,3": /só números/,
    "12 34": /só números/,
    "R$ R$ 5": /só números/,
    "1,234": /dois algarismos/,
    "0.500": /dois algarismos/,
    "1234.567": /dois algarismos/,
    "0,0050": /dois algarismos/,
    "1.000.000.000,01": /limite/,
    "9999999999999": /limite/,
    [`${"9".repeat(400)}`]: /limite/,
  };
  for (const [text, words] of Object.entries(refused)) {
    const { cents, problem } = readAmount(text);
    assert.match(problem, words, text);
    assert.equal(cents, 0, text);
  }
  assert.deepEqual(readAmount("  "), { cents: 0, problem: "" });
});

test("what the field writes it reads as the same", () => {
  for (let cents = 1; cents <= AMOUNT_CENTS_MAX; cents = cents * 3 + 1) {
    assert.deepEqual(readAmount(formatAmount(cents)), { cents, problem: "" });
    assert.equal([...String(cents)].reduce(pushDigit, ""), formatAmount(cents));
  }
});

test("no digit is dropped past the limit", () => {
  const text = [..."1234567890123"].reduce(pushDigit, "");
  assert.equal(text, "12.345.678.901,23");
  assert.match(readAmount(text).problem, /limite/);
});
