// @ts-check
import { daysAfter, weekday } from "./dates.js";
import { toCents } from "./money.js";
/** @import { Projection, Schedule } from "../types/wire.js" */

/** @typedef {{ id: number, account: number, cents: number, short: boolean }} Planned `cents` is negative when it leaves the account */
/** @typedef {{ planned: Planned[], balanceCents: number, short: boolean }} Day what happens, and what all the accounts together hold after it */

/**
 * The weeks of a month, from Sunday to Saturday; null where a day is of another month.
 * @param {string} month YYYY-MM
 * @returns {(string | null)[][]}
 */
export function weeksOf(month) {
  const first = `${month}-01`;
  /** @type {(string | null)[]} */
  const days = Array(weekday(first)).fill(null);
  for (let day = first; day.startsWith(month); day = daysAfter(day, 1)) days.push(day);
  while (days.length % 7) days.push(null);
  return Array.from({ length: days.length / 7 }, (_, week) => days.slice(week * 7, week * 7 + 7));
}

/**
 * @param {string} month YYYY-MM
 * @param {number} count
 */
export function monthsAfter(month, count) {
  const number = Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1 + count;
  return `${Math.floor(number / 12)}-${String((number % 12) + 1).padStart(2, "0")}`;
}

/**
 * The days on which something is planned, for one account or for all of them.
 * @param {Projection} projection
 * @param {number | null} account
 * @returns {Map<string, Day>} in their order
 */
export function daysOf({ contas }, account) {
  const shown = contas.filter(({ CorrentistaID }) => account === null || CorrentistaID === account);
  const days = [...new Set(shown.flatMap(({ datas }) => datas.map(({ data }) => data)))].sort();
  return new Map(days.map((day) => [day, dayOf(shown, day)]));
}

/**
 * @param {Projection["contas"]} accounts
 * @param {string} day
 * @returns {Day}
 */
function dayOf(accounts, day) {
  const planned = accounts.flatMap(({ CorrentistaID: account, datas }) =>
    datas
      .filter(({ data }) => data === day)
      .flatMap(({ agendamentos }) => agendamentos.map(({ agendamento_id: id, valor, sem_fundos: short }) => ({ id, account, cents: toCents(valor), short }))),
  );
  const balanceCents = accounts.reduce((sum, account) => sum + balanceAt(account, day), 0);
  return { planned, balanceCents, short: planned.some(({ short }) => short) };
}

/**
 * @param {Projection["contas"][number]} account
 * @param {string} day
 */
function balanceAt({ saldo, datas }, day) {
  return toCents(datas.findLast(({ data }) => data <= day)?.saldo ?? saldo);
}

/**
 * What an account will hold at the end of a day; null when nobody can tell.
 * @param {Projection} projection
 * @param {number} account
 * @param {string} day
 */
export function balanceOn({ contas, ate }, account, day) {
  const found = contas.find(({ CorrentistaID }) => CorrentistaID === account);
  return found && day <= ate ? balanceAt(found, day) : null;
}

/**
 * The holidays of banks, by day.
 * @param {Projection} projection
 */
export const holidaysOf = ({ feriados }) => new Map(feriados.map(({ data, nome }) => [data, nome]));

/**
 * The day on which banks do what falls on this one, as far as the projection knows holidays.
 * @param {Projection} projection
 * @param {string} day
 */
export function businessDay(projection, day) {
  const holidays = holidaysOf(projection);
  while ([0, 6].includes(weekday(day)) || holidays.has(day)) day = daysAfter(day, 1);
  return day;
}

/**
 * What cannot be paid as things are, the next first; each schedule once.
 * @param {Projection} projection
 * @param {Schedule[]} schedules
 * @returns {{ day: string, schedule: Schedule }[]}
 */
export function shortages(projection, schedules) {
  const byId = new Map(schedules.map((schedule) => [schedule.id, schedule]));
  /** @type {Map<number, { day: string, schedule: Schedule }>} */
  const found = new Map();
  for (const [day, { planned }] of daysOf(projection, null)) {
    for (const { id, short } of planned) {
      const schedule = byId.get(id);
      if (short && schedule && !found.has(id)) found.set(id, { day, schedule });
    }
  }
  return [...found.values()];
}
