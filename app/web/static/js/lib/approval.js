// @ts-check
import { ApiError } from "./http.js";

/**
 * Sends a request and, where the amount needs it, sends it again with a code of the second factor.
 * @typedef {<Answer>(send: (headers: Record<string, string>) => Promise<Answer>) => Promise<Answer>} Approve
 */

const HEADER = "Segundo-Fator";
const NEEDED = "segundo_fator_exigido";
const WRONG = "codigo_incorreto";
const TOO_FAST = 429;
/** Like the bank's own refusal: it did nothing without a code. */
const NO_CODE = { status: 422, code: "sem_codigo" };

/** @type {Approve} */
export const unapproved = (send) => send({});

/** What a request ends with whose person gave no code. */
export const noCode = () => new ApiError("Sem o código, nada foi feito.", NO_CODE);

/**
 * Whether the person may try another code, or this one later. Nothing was done: the bank had said so before it asked.
 * @param {{ status: number, code: string }} error
 */
export const mayTryAgain = ({ status, code }) => code === WRONG || status === TOO_FAST;

/**
 * @param {<Answer>(attempt: (code: string) => Promise<Answer>) => Promise<Answer>} askCode calls `attempt` with each code that the person types
 * @returns {Approve}
 */
export function approving(askCode) {
  return async (send) => {
    try {
      return await send({});
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== NEEDED) throw error;
    }
    return askCode((code) => send({ [HEADER]: code }));
  };
}
