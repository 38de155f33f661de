// @ts-check
import { dayKey } from "./dates.js";
import { toCents } from "./money.js";
import { signedCents } from "./statement.js";
/** @import { Row } from "../types/wire.js" */
/** @import { Accounts } from "./accounts.js" */

export const CHART_DAYS = 30;
const DAY_MS = 86_400_000;
/** A history shorter than the window is shown with this part of it in front, where there was nothing. */
const LEAD = 0.08;

/**
 * What came in and went out in the month of `now`. Money between the person's own accounts
 * neither came nor went.
 * @param {Row[]} rows
 * @param {Accounts} accounts
 * @param {Date} now
 */
export function monthTotals(rows, accounts, now) {
  const month = dayKey(now).slice(0, 7);
  const totals = { inCents: 0, outCents: 0 };
  for (const row of rows) {
    if (dayKey(row.DataOperacao).slice(0, 7) !== month || accounts.has(row.BeneficiarioID)) continue;
    const cents = signedCents(row);
    if (cents > 0) totals.inCents += cents;
    else totals.outCents -= cents;
  }
  return totals;
}

/** @typedef {{ at: number, cents: number }} Point the total from this moment on, in milliseconds */

/**
 * The total after each operation of the last days, up to now. It begins with the window, or with
 * the first operation when all of them are known and lie within it.
 * @param {{ rows: Row[], complete: boolean }} known rows newest first; whether nothing older exists
 * @param {Accounts} accounts
 * @param {Date} now
 * @returns {Point[]} oldest first
 */
export function balanceSeries({ rows, complete }, accounts, now) {
  const start = now.getTime() - CHART_DAYS * DAY_MS;
  const balances = balancesBefore(rows, accounts);
  const total = () => [...balances.values()].reduce((sum, cents) => sum + cents, 0);
  /** @type {Point[]} */
  const points = [];
  let before = total();
  for (const [index, row] of [...rows].reverse().entries()) {
    balances.set(row.CorrentistaID, toCents(row.SaldoApos));
    if (rows[rows.length - index - 2]?.OperacaoID === row.OperacaoID) continue;
    const at = Date.parse(row.DataOperacao);
    if (at >= start) points.push({ at, cents: total() });
    else before = total();
  }
  const first = points[0]?.at ?? now.getTime();
  const begin = complete && rows.length > 0 && before === 0 ? first - (now.getTime() - first) * LEAD : start;
  return [{ at: begin, cents: before }, ...points, { at: now.getTime(), cents: accounts.totalCents }];
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
