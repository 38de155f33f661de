import assert from "node:assert/strict";
import { test } from "node:test";
import { Bank } from "../../app/web/static/js/models/bank.js";
import { balanceSeries, monthTotals } from "../../app/web/static/js/models/overview.js";
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

const seriesOf = ({ statement, accounts, complete }) => balanceSeries({ rows: statement.rows, complete }, accounts, NOW);
const centsOf = (points) => points.map(({ cents }) => cents);

test("the chart goes from operation to operation and ends with the balance of now", () => {
  const points = seriesOf(
    bankAfter([
      [1, 100_00, day(11, 19)],
      [2, 40_00, day(11, 21)],
      [1, -10_00, day(11, 23)],
    ]),
  );
  assert.deepEqual(centsOf(points), [0, 100_00, 140_00, 130_00, 130_00]);
  assert.deepEqual(points.slice(1).map(({ at }) => at), [day(11, 19), day(11, 21), day(11, 23), NOW].map(Number));
  assert.ok(points[0].at < points[1].at);
});

test("the window is thirty days; what was before it is where the line begins", () => {
  const points = seriesOf(bankAfter([[1, 100_00, day(9, 1)], [1, 25_00, day(11, 22)]]));
  assert.deepEqual(centsOf(points), [100_00, 125_00, 125_00]);
  assert.equal(points[0].at, NOW.getTime() - 30 * 86_400_000);
});

test("before the oldest known row an account had what that row started from", () => {
  const bank = bankAfter([[1, 100_00, day(9, 1)], [1, 25_00, day(11, 22)]]);
  const rows = bank.statement.rows.filter((row) => row.MovimentacaoID === 2);
  assert.deepEqual(centsOf(balanceSeries({ rows, complete: false }, bank.accounts, NOW)), [100_00, 125_00, 125_00]);
});

test("money between own accounts makes no dent", () => {
  const bank = bankAfter([[1, 100_00, day(11, 1)], [1, -30_00, day(11, 2), 2], [2, 30_00, day(11, 2), 1]]);
  bank.statement.rows[0].OperacaoID = bank.statement.rows[1].OperacaoID;
  assert.deepEqual(centsOf(seriesOf(bank)), [0, 100_00, 100_00, 100_00]);
});

test("a bank without movements is flat", () => {
  assert.deepEqual(centsOf(seriesOf(bankAfter([]))), [0, 0]);
});
