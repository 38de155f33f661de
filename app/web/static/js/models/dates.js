// @ts-check

const DAY_MS = 86_400_000;
const time = new Intl.DateTimeFormat("pt-BR", { hour: "2-digit", minute: "2-digit" });
const dayMonth = new Intl.DateTimeFormat("pt-BR", { day: "numeric", month: "long" });
const full = new Intl.DateTimeFormat("pt-BR", { day: "numeric", month: "long", year: "numeric" });
const moment = new Intl.DateTimeFormat("pt-BR", { dateStyle: "medium", timeStyle: "medium" });
const shortDay = new Intl.DateTimeFormat("pt-BR", { day: "2-digit", month: "2-digit" });
const month = new Intl.DateTimeFormat("pt-BR", { month: "long" });
const relative = new Intl.RelativeTimeFormat("pt-BR", { numeric: "auto" });

/**
 * The local day as YYYY-MM-DD, which sorts and compares as text.
 * @param {string | Date} when
 */
export function dayKey(when) {
  const date = new Date(when);
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/**
 * "hoje", "ontem", "12 de março", or with the year when it is another one.
 * @param {string} key YYYY-MM-DD
 * @param {Date} [now]
 */
export function dayName(key, now = new Date()) {
  if (key === dayKey(now)) return "Hoje";
  if (key === dayKey(new Date(now.getTime() - DAY_MS))) return "Ontem";
  const date = new Date(`${key}T12:00:00`);
  return date.getFullYear() === now.getFullYear() ? dayMonth.format(date) : full.format(date);
}

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
 * The day that lies `days` before another.
 * @param {Date} now
 * @param {number} days
 */
export function daysBefore(now, days) {
  return dayKey(new Date(now.getFullYear(), now.getMonth(), now.getDate() - days, 12));
}

/**
 * The moment at which a local day begins, as the API reads it.
 * @param {string} key YYYY-MM-DD
 * @param {number} [later] days after it
 */
export function dayStart(key, later = 0) {
  const [year, month, day] = key.split("-").map(Number);
  return new Date(year, month - 1, day + later).toISOString();
}
