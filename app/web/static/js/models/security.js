// @ts-check
import { ago, dayKey, dayName, formatMoment } from "./dates.js";
/** @import { OwnSession, Passkey, SecondFactor } from "../types/wire.js" */

/** So few that it is time for new ones. */
const FEW_CODES = 3;

/**
 * "hoje", "ontem", "12 de março"
 * @param {string} when
 * @param {Date} [now]
 */
export const sinceWords = (when, now = new Date()) => dayName(dayKey(when), now).toLowerCase();

/**
 * "Endereço 203.0.113.7 · usada há 3 minutos · desde 12 de março"
 * @param {OwnSession} session
 * @param {Date} [now]
 */
export function sessionWords({ local, criada_em: begun, usada_em: used, atual }, now = new Date()) {
  const last = atual ? "em uso agora" : `usada ${ago(used, now).toLowerCase()}`;
  return [local ? `Endereço ${local}` : "", last, `desde ${sinceWords(begun, now)}`].filter(Boolean).join(" · ");
}

/**
 * The whole of it, for who wants to know exactly.
 * @param {OwnSession} session
 */
export const sessionTitle = ({ criada_em: begun, usada_em: used }) => `Começou em ${formatMoment(begun)}. Usada pela última vez em ${formatMoment(used)}.`;

/**
 * "desde 12 de março · usada há 3 minutos"
 * @param {Passkey} key
 * @param {Date} [now]
 */
export const passkeyWords = ({ criada_em: made, usada_em: used }, now = new Date()) =>
  `desde ${sinceWords(made, now)} · ${used ? `usada ${ago(used, now).toLowerCase()}` : "ainda não usada"}`;

/**
 * What is said of those that were ended.
 * @param {{ ended: number, failed: string }} result
 */
export function endedWords({ ended, failed }) {
  const done = ended === 1 ? "Uma sessão encerrada." : ended > 1 ? `${ended} sessões encerradas.` : "Nada foi encerrado.";
  return failed ? `${done} ${failed}` : done;
}

/**
 * How many recovery codes are left, and what to do about it.
 * @param {SecondFactor} state
 */
export function codesLeft({ codigos_restantes: left }) {
  const words = left === 0 ? "Nenhum" : left === 1 ? "1 restante" : `${left} restantes`;
  return { words, advice: left <= FEW_CODES ? "Restam poucos códigos de recuperação. Para receber outros dez, desative o segundo fator e ative de novo." : "" };
}

/**
 * For paper, or for a store of passwords.
 * @param {string[]} codes
 * @param {string} email
 */
export const codesText = (codes, email) => ["Saldo Vivo: códigos de recuperação", email, "", ...codes].join("\n");
