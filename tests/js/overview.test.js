import assert from "node:assert/strict";
import { test } from "node:test";
import { Bank } from "../../app/web/static/js/models/bank.js";
import { dailyTotals, monthTotals } from "../../app/web/static/js/models/overview.js";
import { TinyBank } from "./support.js";

const NOW = new Date(2026, 10, 23, 15);
const day = (month, date) => new Date(2026, month - 1, date, 12);

function bankAfter(moves) {
  const server = new TinyBank([1, 2]);
  moves.forEach(([account, cents, at, other]) => server.move(account, cents, { at, other }));
  const bank = new Bank();
  bank.load(server.snapshot);
  return bank;
}

test("the month counts what came and went, not what moved between own accounts", () => {
  const { statement, accounts } = bankAfter([
    [1, 100_00, day(10, 31)],
    [1, 50_00, day(11, 1)],
    [1, -20_00, day(11, 2), 9],
    [1, -30_00, day(11, 3), 2],
    [2, 30_00, day(11, 3), 1],
  ]);
  assert.deepEqual(monthTotals(statement.rows, accounts, NOW), { inCents: 50_00, outCents: 20_00 });
});

test("the chart ends with the balance of now and knows the days before", () => {
  const { statement, accounts } = bankAfter([
    [1, 100_00, day(11, 19)],
    [2, 40_00, day(11, 21)],
    [1, -10_00, day(11, 23)],
  ]);
  const points = dailyTotals(statement.rows, accounts, NOW, 6);
  assert.deepEqual(points.map(({ cents }) => cents), [0, 100_00, 100_00, 140_00, 140_00, 130_00]);
  assert.deepEqual([points[0].day, points[5].day], ["2026-11-18", "2026-11-23"]);
});

test("before the oldest known row an account had what that row started from", () => {
  const bank = bankAfter([[1, 100_00, day(9, 1)], [1, 25_00, day(11, 22)]]);
  const recent = bank.statement.rows.filter((row) => row.MovimentacaoID === 2);
  assert.equal(dailyTotals(recent, bank.accounts, NOW, 5)[0].cents, 100_00);
});

test("a bank without movements is flat", () => {
  const { statement, accounts } = bankAfter([]);
  assert.deepEqual(dailyTotals(statement.rows, accounts, NOW, 3).map(({ cents }) => cents), [0, 0, 0]);
});
