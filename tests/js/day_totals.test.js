import assert from "node:assert/strict";
import { test } from "node:test";
import { DayTotals } from "../../app/web/static/js/models/day_totals.js";

const TODAY = "2026-11-20";
const row = (id, cents, day = TODAY) => ({
  MovimentacaoID: id,
  TipoOperacao: cents > 0 ? "Crédito" : "Débito",
  ValorOperacao: Math.abs(cents) / 100,
  DataOperacao: `${day}T12:00:00+00:00`,
});
const page = (last, ...dias) => ({ dias: dias.map(([dia, entrou, saiu]) => ({ dia, entrou, saiu })), ate_movimentacao: last });

test("a day's sum is the server's, however few of its rows are here", () => {
  const totals = new DayTotals();
  totals.add(page(90, [TODAY, 500, 20.5]), true);
  assert.equal(totals.of(TODAY, []), 479_50);
  assert.equal(totals.of(TODAY, [row(90, 1_00), row(89, 1_00)]), 479_50);
});

test("what came after the server counted is added, once", () => {
  const totals = new DayTotals();
  totals.add(page(90, [TODAY, 5, 0]), true);
  assert.equal(totals.of(TODAY, [row(92, -3_00), row(91, 2_00), row(90, 1_00)]), 4_00);
  assert.equal(totals.of("2026-11-21", [row(93, 7_00, "2026-11-21")]), 7_00);
});

test("a day that may go on in the next page is not known before that one is here; its parts add up", () => {
  const totals = new DayTotals();
  assert.equal(totals.of(TODAY, []), null);
  totals.add(page(90, [TODAY, 5, 0], ["2026-11-19", 1, 0]), false);
  assert.equal(totals.of(TODAY, []), 5_00);
  assert.equal(totals.of("2026-11-19", []), null);
  totals.add(page(95, ["2026-11-19", 2, 0.5], ["2026-11-18", 4, 0]), false);
  assert.equal(totals.of("2026-11-19", []), 2_50);
  assert.equal(totals.of("2026-11-18", []), null);
  totals.add(page(95), true);
  assert.equal(totals.of("2026-11-18", []), 4_00);
  assert.equal(totals.of(TODAY, [row(94, 1_00)]), 6_00);
});
