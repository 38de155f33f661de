import assert from "node:assert/strict";
import { test } from "node:test";
import { Bank } from "../../app/web/static/js/models/bank.js";
import { balanceSeries, monthTotals } from "../../app/web/static/js/models/overview.js";
import { TinyBank } from "./support.js";

const NOW = new Date("2026-11-23T18:00:00Z");
const day = (month, date) => new Date(Date.UTC(2026, month - 1, date, 15));
const start = (month, date) => Date.UTC(2026, month - 1, date, 3);
const WINDOW = start(10, 25);

function bankAfter(moves) {
  const server = new TinyBank([1, 2]);
  moves.forEach(([account, cents, at, other]) => server.move(account, cents, { at, other }));
  const bank = new Bank();
  bank.load(server.snapshot);
  return bank;
}

const counted = (first, second) => [
  { CorrentistaID: 1, ate_movimentacao: first },
  { CorrentistaID: 2, ate_movimentacao: second },
];
const summary = (values) => ({ mes: "2026-11", entrou: 0, saiu: 0, saldos: [], contas: counted(0, 0), desde: null, ...values });

test("the month is what the server counted, for any number of rows, and what came since", () => {
  const { statement, accounts } = bankAfter([
    [1, 50_00, day(11, 1)],
    [2, 30_00, day(11, 3)],
    [1, 7_00, day(11, 23)],
    [1, -2_00, day(11, 23), 9],
  ]);
  const sums = summary({ entrou: 5000, saiu: 100, contas: counted(1, 2) });
  assert.deepEqual(monthTotals(sums, statement.rows, accounts, NOW), { inCents: 5007_00, outCents: 102_00 });
});

test("money between own accounts neither came nor went", () => {
  const { statement, accounts } = bankAfter([[1, -30_00, day(11, 3), 2], [2, 30_00, day(11, 3), 1]]);
  assert.deepEqual(monthTotals(summary({}), statement.rows, accounts, NOW), { inCents: 0, outCents: 0 });
});

test("another month begins with nothing", () => {
  const { statement, accounts } = bankAfter([[1, 50_00, day(11, 23)], [1, 3_00, day(12, 1)]]);
  const sums = summary({ entrou: 900, saiu: 100 });
  assert.deepEqual(monthTotals(sums, statement.rows, accounts, day(12, 1)), { inCents: 3_00, outCents: 0 });
});

const seriesOf = ({ statement, accounts, complete }, values) =>
  balanceSeries(summary(values), { rows: statement.rows, complete }, accounts, NOW);
const centsOf = (points) => points.map(({ cents }) => cents);

test("the chart goes from operation to operation and ends with the balance of now", () => {
  const moves = [
    [1, 100_00, day(11, 19)],
    [2, 40_00, day(11, 21)],
    [1, -10_00, day(11, 23)],
  ];
  const points = seriesOf(bankAfter(moves), { desde: day(11, 18).toISOString() });
  assert.deepEqual(centsOf(points), [0, 100_00, 140_00, 130_00, 130_00]);
  assert.deepEqual(points.map(({ at }) => at), [day(11, 18), day(11, 19), day(11, 21), day(11, 23), NOW].map(Number));
});

test("the window is thirty days; what was before it is where the line begins", () => {
  const points = seriesOf(bankAfter([[1, 100_00, day(9, 1)], [1, 25_00, day(11, 22)]]), { desde: day(8, 1).toISOString() });
  assert.deepEqual(centsOf(points), [100_00, 125_00, 125_00]);
  assert.equal(points[0].at, WINDOW);
});

test("before the rows that are here the line goes by the server's days, however many rows there are", () => {
  const bank = bankAfter([[1, 100_00, day(9, 1)], [1, 900_00, day(11, 22)], [1, 25_00, day(11, 23)]]);
  const rows = bank.statement.rows.slice(0, 1);
  const saldos = [
    { dia: "2026-10-24", saldo: 100 },
    { dia: "2026-11-20", saldo: 100 },
    { dia: "2026-11-22", saldo: 1000 },
    { dia: "2026-11-23", saldo: 1025 },
  ];
  const points = balanceSeries(summary({ saldos, desde: day(8, 1).toISOString() }), { rows, complete: false }, bank.accounts, NOW);
  assert.deepEqual(centsOf(points), [100_00, 100_00, 1000_00, 1025_00, 1025_00]);
  assert.deepEqual(points.map(({ at }) => at), [WINDOW, start(11, 21), start(11, 23), day(11, 23).getTime(), NOW.getTime()]);
});

test("nothing is drawn before the first account was opened", () => {
  const opened = "2026-11-23T14:00:00.000Z";
  const saldos = [{ dia: "2026-11-21", saldo: 0 }, { dia: "2026-11-22", saldo: 0 }];
  const points = seriesOf(bankAfter([[1, 100_00, day(11, 23)]]), { desde: opened, saldos });
  assert.deepEqual(points.map(({ at, cents }) => [at, cents]), [[Date.parse(opened), 0], [day(11, 23).getTime(), 100_00], [NOW.getTime(), 100_00]]);
});

test("money between own accounts makes no dent", () => {
  const bank = bankAfter([[1, 100_00, day(11, 1)], [1, -30_00, day(11, 2), 2], [2, 30_00, day(11, 2), 1]]);
  bank.statement.rows[0].OperacaoID = bank.statement.rows[1].OperacaoID;
  assert.deepEqual(centsOf(seriesOf(bank, { desde: day(10, 1).toISOString() })), [0, 100_00, 100_00, 100_00]);
});

test("a bank without movements is flat", () => {
  assert.deepEqual(centsOf(seriesOf(bankAfter([]), { desde: day(11, 2).toISOString() })), [0, 0]);
});
