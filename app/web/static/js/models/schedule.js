// @ts-check
import { dayKey, daysAfter, plainDay, weekday } from "./dates.js";
import { formatBRL, toCents } from "./money.js";
/** @import { Recurrence, Schedule } from "../types/wire.js" */

/** @typedef {{ day: string, recurrence: Recurrence, until: string }} When days as YYYY-MM-DD; `until` may be empty */

/** As far ahead as the bank takes it. */
const DAYS_AHEAD_MAX = 731;

/** @type {Record<Recurrence, string>} */
export const RECURRENCES = { unica: "Uma vez", semanal: "Toda semana", mensal: "Todo mês" };

const WEEKDAYS = ["domingo", "segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado"];

/**
 * The page's own look before the bank's; one text per field that is wrong.
 * @param {When} when
 * @param {Date} [now]
 * @returns {Record<string, string>}
 */
export function whenProblems({ day, recurrence, until }, now = new Date()) {
  const today = dayKey(now);
  if (!day) return { data: "Escolha a data." };
  if (day < today) return { data: "Escolha uma data de hoje em diante." };
  if (day > daysAfter(today, DAYS_AHEAD_MAX)) return { data: "Escolha uma data até dois anos à frente." };
  return recurrence !== "unica" && until && until < day ? { ate: "O fim não pode vir antes da primeira data." } : {};
}

/**
 * As the bank's API names them.
 * @param {When} when
 */
export function datesOf({ day, recurrence, until }) {
  return { data: day, recorrencia: recurrence, ate: recurrence === "unica" ? null : until || null };
}

/**
 * "Todo mês, dia 31, até 30 de junho de 2027"
 * @param {When} when
 */
export function repeatWords({ day, recurrence, until }) {
  const end = until ? `, até ${plainDay(until)}` : "";
  if (recurrence === "semanal") return `Toda semana, ${WEEKDAYS[weekday(day)]}${end}`;
  return recurrence === "mensal" ? `Todo mês, dia ${Number(day.slice(8))}${end}` : RECURRENCES.unica;
}

/** @param {Schedule} schedule */
export const whenOf = ({ data, recorrencia, ate }) => ({ day: data, recurrence: recorrencia, until: ate ?? "" });

/** @param {Schedule} schedule the account that pays */
export const sourceOf = ({ correntista_id: payer, correntista_id_origem: giver }) => payer ?? giver ?? 0;

/** @param {Schedule} schedule */
export function titleOf({ tipo, descricao, correntista_id_destino: target }) {
  if (tipo === "pagamento") return descricao;
  return descricao ? `${descricao} · conta ${target}` : `Transferência para a conta ${target}`;
}

/**
 * How it went last, where that is worth a word.
 * @param {Schedule} schedule
 */
export function outcomeWords({ estado, ultima }) {
  if (estado === "cancelado") return "Cancelado";
  if (!ultima) return "";
  const day = plainDay(ultima.data);
  if (ultima.resultado === "feito") return `Feito em ${plainDay(dayKey(ultima.momento))}`;
  return ultima.resultado === "sem_fundos" ? `Sem saldo em ${day}` : `Recusado em ${day}`;
}

/** @param {Schedule} schedule */
export const sumWords = ({ valor }) => formatBRL(toCents(valor));
