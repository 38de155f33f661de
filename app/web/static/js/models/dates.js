// @ts-check

/** A day is the bank's, everywhere and for everybody; a time of day is the one on the person's own clock. */
const ZONE = "America/Sao_Paulo";
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const day = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" });
const clock = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const time = new Intl.DateTimeFormat("pt-BR", { hour: "2-digit", minute: "2-digit" });
const dayMonth = new Intl.DateTimeFormat("pt-BR", { day: "numeric", month: "long" });
const full = new Intl.DateTimeFormat("pt-BR", { day: "numeric", month: "long", year: "numeric" });
const moment = new Intl.DateTimeFormat("pt-BR", { dateStyle: "medium", timeStyle: "medium" });
const shortDay = new Intl.DateTimeFormat("pt-BR", { day: "2-digit", month: "2-digit" });
const month = new Intl.DateTimeFormat("pt-BR", { month: "long", timeZone: ZONE });
const long = new Intl.DateTimeFormat("pt-BR", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const monthYear = new Intl.DateTimeFormat("pt-BR", { month: "long", year: "numeric" });
const relative = new Intl.RelativeTimeFormat("pt-BR", { numeric: "auto" });

/**
 * The day as YYYY-MM-DD, which sorts and compares as text.
 * @param {string | Date} when
 */
export const dayKey = (when) => day.format(new Date(when));

/**
 * "hoje", "ontem", "12 de março", or with the year when it is another one.
 * @param {string} key YYYY-MM-DD
 * @param {Date} [now]
 */
export function dayName(key, now = new Date()) {
  if (key === dayKey(now)) return "Hoje";
  if (key === daysBefore(now, 1)) return "Ontem";
  return plainDay(key, now);
}

/**
 * "quinta-feira, 24 de dezembro de 2026"
 * @param {string} key YYYY-MM-DD
 */
export const longDay = (key) => long.format(noon(key));

/**
 * "24 de dezembro", with the year when it is another one.
 * @param {string} key YYYY-MM-DD
 * @param {Date} [now]
 */
export const plainDay = (key, now = new Date()) => (key.slice(0, 4) === dayKey(now).slice(0, 4) ? dayMonth : full).format(noon(key));

/**
 * "dezembro de 2026"
 * @param {string} key YYYY-MM
 */
export const monthTitle = (key) => monthYear.format(noon(`${key}-01`));

/**
 * 0 is Sunday.
 * @param {string} key YYYY-MM-DD
 */
export const weekday = (key) => new Date(`${key}T12:00:00Z`).getUTCDay();

/** @param {string} key YYYY-MM-DD */
const noon = (key) => new Date(`${key}T12:00:00`);

/** @param {string | Date} when */
export const formatTime = (when) => time.format(new Date(when));

/** @param {string | Date} when */
export const formatMoment = (when) => moment.format(new Date(when));

/** @param {Date} when */
export const formatShortDay = (when) => shortDay.format(when);

/** @param {Date} when */
export const formatShortMoment = (when) => `${shortDay.format(when)} ${time.format(when)}`;

/** @param {Date} when */
export const monthName = (when) => month.format(when);

/**
 * "agora", "há 3 minutos", "há 2 horas", then the day.
 * @param {string | Date} when
 * @param {Date} [now]
 */
export function ago(when, now = new Date()) {
  const seconds = Math.round((now.getTime() - new Date(when).getTime()) / 1000);
  if (seconds < 45) return "agora mesmo";
  if (seconds < 3600) return relative.format(-Math.max(1, Math.round(seconds / 60)), "minute");
  if (seconds < 86_400) return relative.format(-Math.round(seconds / 3600), "hour");
  return `${dayName(dayKey(when), now)}, ${formatTime(when)}`;
}

/**
 * How old something is: "menos de 1 min atrás", "5 min atrás", "2 h atrás", "3 dias atrás".
 * @param {Date} when
 * @param {Date} [now]
 */
export function age(when, now = new Date()) {
  const minutes = Math.floor((now.getTime() - when.getTime()) / 60_000);
  if (minutes < 1) return "menos de 1 min atrás";
  if (minutes < 60) return `${minutes} min atrás`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h atrás`;
  const days = Math.floor(hours / 24);
  return days === 1 ? "1 dia atrás" : `${days} dias atrás`;
}

/**
 * The day that lies `days` before another.
 * @param {Date} now
 * @param {number} days
 */
export function daysBefore(now, days) {
  return daysAfter(dayKey(now), -days);
}

/**
 * @param {string} key YYYY-MM-DD
 * @param {number} days
 */
export function daysAfter(key, days) {
  return new Date(Date.parse(`${key}T12:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/**
 * The moment at which a day begins, in milliseconds.
 * @param {string} key YYYY-MM-DD
 */
export function dayStart(key) {
  // As if the clock in the zone were UTC's; then corrected by what that clock says of it, and again where it was put back.
  const guess = Date.parse(`${key}T00:00:00Z`);
  const start = 2 * guess - Date.parse(`${dayKey(new Date(guess))}T${clock.format(guess)}Z`);
  return dayKey(new Date(start)) === key ? start : start + HOUR_MS;
}

/**
 * The moment at which a day is over, in milliseconds.
 * @param {string} key YYYY-MM-DD
 */
export const dayEnd = (key) => dayStart(daysAfter(key, 1));
