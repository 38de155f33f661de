// @ts-check
import { formatBRL, toCents } from "./money.js";
/** @import { Message } from "../types/wire.js" */

/**
 * A message in one line, for a list.
 * @param {Message} message
 * @param {number} me
 */
export function lineOf({ tipo, texto, apagada, valor, de }, me) {
  if (apagada) return "Mensagem apagada";
  if (tipo === "texto") return texto;
  const sum = formatBRL(toCents(valor ?? 0));
  if (tipo === "transferencia") return de === me ? `Você enviou ${sum}` : `Você recebeu ${sum}`;
  return de === me ? `Você cobrou ${sum}` : `Cobrança de ${sum}`;
}

/**
 * Which of the kinds of notices its sound and its toast are of.
 * @param {Pick<Message, "tipo">} message
 */
export const noticeKind = ({ tipo }) => (tipo === "cobranca" ? "cobranca" : "mensagem");
