// @ts-check
import { dayEnd, dayKey, dayStart, daysBefore } from "./dates.js";
import { toCents } from "./money.js";
import { signedCents } from "./statement.js";
/** @import { Row, Summary } from "../types/wire.js" */
/** @import { Accounts } from "./accounts.js" */

export const CHART_DAYS = 30;

/**
 * What came in and went out in the month of `now`: what the server counted, and the rows that came after it did.
 * Money between the person's own accounts neither came nor went.
 * @param {Summary} summary
 * @param {Row[]} rows all that the server had not counted, and any others
 * @param {Accounts} accounts
 * @param {Date} now
 */
export function monthTotals({ mes, entrou, saiu, contas }, rows, accounts, now) {
  const month = dayKey(now).slice(0, 7);
  const counted = new Map(contas.map(({ CorrentistaID, ate_movimentacao: last }) => [CorrentistaID, last]));
  const totals = mes === month ? { inCents: toCents(entrou), outCents: toCents(saiu) } : { inCents: 0, outCents: 0 };
  for (const row of rows) {
    if (row.MovimentacaoID <= (counted.get(row.CorrentistaID) ?? 0)) continue;
    if (dayKey(row.DataOperacao).slice(0, 7) !== month || accounts.has(row.BeneficiarioID)) continue;
    const cents = signedCents(row);
    if (cents > 0) totals.inCents += cents;
    else totals.outCents -= cents;
  }
  return totals;
}

/** @typedef {{ at: number, cents: number }} Point the total from this moment on, in milliseconds */

/**
 * The total over the last days, today included, up to now: after each operation as far as the rows go back, and before
 * them at the end of each day. It begins when the first account was opened, if that was within these days.
 * @param {Summary} summary
 * @param {{ rows: Row[], complete: boolean }} known rows newest first; whether nothing older exists
 * @param {Accounts} accounts
 * @param {Date} now
 * @returns {Point[]} oldest first
 */
export function balanceSeries({ saldos, desde }, { rows, complete }, accounts, now) {
  const firstDay = daysBefore(now, CHART_DAYS - 1);
  const begin = Math.max(dayStart(firstDay), desde === null ? now.getTime() : Date.parse(desde));
  const oldest = rows.at(-1);
  const detailed = complete || !oldest ? begin : Math.max(begin, Date.parse(oldest.DataOperacao));
  const closings = saldos.map(({ dia, saldo }) => ({ at: dayEnd(dia), cents: toCents(saldo) }));
  const points = [...closings.filter(({ at }) => at <= detailed), ...pointsOfRows(rows, accounts)];
  const before = points.filter(({ at }) => at <= begin).at(-1)?.cents ?? 0;
  const end = { at: Math.max(now.getTime(), begin), cents: accounts.totalCents };
  return [{ at: begin, cents: before }, ...points.filter(({ at }) => at > begin && at <= end.at), end];
}

/**
 * The total after each operation.
 * @param {Row[]} rows newest first
 * @param {Accounts} accounts
 */
function pointsOfRows(rows, accounts) {
  const balances = balancesBefore(rows, accounts);
  /** @type {Point[]} */
  const points = [];
  [...rows].reverse().forEach((row, index) => {
    balances.set(row.CorrentistaID, toCents(row.SaldoApos));
    // Both sides of a transfer between own accounts are one step.
    if (rows[rows.length - index - 2]?.OperacaoID === row.OperacaoID) return;
    const cents = [...balances.values()].reduce((sum, balance) => sum + balance, 0);
    points.push({ at: Date.parse(row.DataOperacao), cents });
  });
  return points;
}

/**
 * What each account had before its oldest known row.
 * @param {Row[]} rows newest first
 * @param {Accounts} accounts
 */
function balancesBefore(rows, accounts) {
  const balances = new Map(accounts.list.map(({ id, cents }) => [id, cents]));
  rows.forEach((row) => balances.set(row.CorrentistaID, toCents(row.SaldoApos) - signedCents(row)));
  return balances;
}
