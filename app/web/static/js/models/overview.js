// @ts-check
import { dayKey, daysBefore } from "./dates.js";
import { toCents } from "./money.js";
import { signedCents } from "./statement.js";
/** @import { Row } from "../types/wire.js" */
/** @import { Accounts } from "./accounts.js" */

export const CHART_DAYS = 30;

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

/**
 * The total at the end of each of the last days, from the balance after each movement; the day
 * that is running ends with the balance of now. An account counts from its oldest known row back
 * with the balance it had before that row.
 * @param {Row[]} rows newest first
 * @param {Accounts} accounts
 * @param {Date} now
 * @param {number} [days]
 * @returns {{ day: string, cents: number }[]} oldest first
 */
export function dailyTotals(rows, accounts, now, days = CHART_DAYS) {
  /** @type {Map<number, Row[]>} */
  const byAccount = new Map(accounts.list.map(({ id }) => [id, []]));
  rows.forEach((row) => byAccount.get(row.CorrentistaID)?.push(row));
  const keys = Array.from({ length: days }, (_, index) => daysBefore(now, days - 1 - index));
  return keys.map((day, index) => {
    if (index === days - 1) return { day, cents: accounts.totalCents };
    const balances = accounts.list.map(({ id, cents }) => balanceAt(byAccount.get(id) ?? [], day, cents));
    return { day, cents: balances.reduce((sum, cents) => sum + cents, 0) };
  });
}

/**
 * @param {Row[]} rows of one account, newest first
 * @param {string} day
 * @param {number} current
 */
function balanceAt(rows, day, current) {
  const last = rows.find((row) => dayKey(row.DataOperacao) <= day);
  if (last) return toCents(last.SaldoApos);
  const first = rows.at(-1);
  return first ? toCents(first.SaldoApos) - signedCents(first) : current;
}
