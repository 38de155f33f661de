// @ts-check
import { formatMoment } from "./dates.js";
import { formatBRL, toCents } from "./money.js";
import { isOperation, OPERATIONS } from "./operation.js";
import { kindName } from "./statement.js";
/** @import { Accounts } from "./accounts.js" */
/** @import { Proof, Row, User } from "../types/wire.js" */

/**
 * What a receipt tells, to its parties and to whoever they show it to: never a balance, nor what
 * somebody calls their account.
 * @typedef {object} Receipt
 * @property {string} way "Saiu", "Entrou" or "Entre suas contas"; empty while it is not known whose the accounts are
 * @property {string} sum
 * @property {[string, string][]} facts
 * @property {string} code empty while it is not known
 * @property {string} address where anybody verifies it; empty while it is not known
 * @property {string} qr that address as a picture
 */

/**
 * The whole of it, from the bank.
 * @param {Proof} proof
 * @param {Accounts} accounts
 * @returns {Receipt}
 */
export function receiptOf(proof, accounts) {
  const kind = isOperation(proof.tipo) ? OPERATIONS[proof.tipo].title : proof.tipo;
  const [from, to] = [proof.origem, proof.destino];
  const [left, came] = [from, to].map((party) => accounts.has(party?.CorrentistaID ?? null));
  return {
    way: left && came ? "Entre suas contas" : left ? "Saiu" : came ? "Entrou" : "",
    sum: formatBRL(toCents(proof.valor)),
    facts: factsOf({
      kind,
      description: proof.descricao,
      from: from && `${from.Titular} · conta ${from.CorrentistaID}`,
      to: to && `${to.Titular} · conta ${to.CorrentistaID}`,
      at: proof.data,
      id: proof.operacao_id,
    }),
    code: proof.codigo,
    address: proof.endereco,
    qr: proof.qr,
  };
}

/**
 * What can be told at once, also without a network, from a row of the statement.
 * @param {Row} row
 * @param {User | null} user whose row it is
 * @returns {Receipt}
 */
export function receiptOfRow(row, user) {
  const own = `${user?.nome ?? ""} · conta ${row.CorrentistaID}`;
  const other = row.BeneficiarioID === null ? null : `${row.NomeBeneficiario ?? ""} · conta ${row.BeneficiarioID}`;
  const out = row.TipoOperacao === "Débito";
  return {
    way: out ? "Saiu" : "Entrou",
    sum: formatBRL(toCents(row.ValorOperacao)),
    facts: factsOf({
      kind: kindName(row),
      description: row.Descricao,
      from: out ? own : other,
      to: out ? other : own,
      at: row.DataOperacao,
      id: row.OperacaoID,
    }),
    code: "",
    address: "",
    qr: "",
  };
}

/**
 * @param {{ kind: string, description: string, from: string | null, to: string | null, at: string, id: number }} told
 * @returns {[string, string][]}
 */
function factsOf({ kind, description, from, to, at, id }) {
  /** @type {[string, string | null][]} */
  const lines = [
    ["Operação", kind],
    ["Descrição", description === kind ? null : description],
    ["De", from],
    ["Para", to],
    ["Data", formatMoment(at)],
    ["Identificação", String(id)],
  ];
  return lines.flatMap(([label, value]) => (value ? [[label, value]] : []));
}

/**
 * A receipt to be pasted or shared.
 * @param {Receipt} receipt
 */
export function receiptText({ sum, facts, code, address }) {
  /** @type {[string, string][]} */
  const proof = code ? [["Código de verificação", code], ["Confira em", address]] : [];
  const lines = [...facts, ...proof].map(([label, value]) => `${label}: ${value}`);
  return ["Saldo Vivo — comprovante", `Valor: ${sum}`, ...lines].join("\n");
}
