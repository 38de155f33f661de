// @ts-check
import { dayKey } from "./dates.js";
import { finds, searchFor } from "./search.js";
import { signedCents } from "./statement.js";
/** @import { Row } from "../types/wire.js" */

/**
 * @typedef {object} Filter
 * @property {number | null} [account]
 * @property {string} [from] day, YYYY-MM-DD
 * @property {string} [to] day, YYYY-MM-DD, inclusive
 * @property {string} [kind] "credito", "debito" or empty
 * @property {string} [text]
 */

/**
 * The same question that the server answers for a page, asked of a row that came by itself.
 * @param {Row} row
 * @param {Filter} filter
 */
export function matches(row, { account = null, from = "", to = "", kind = "", text = "" }) {
  const day = dayKey(row.DataOperacao);
  if (account !== null && row.CorrentistaID !== account) return false;
  if ((from && day < from) || (to && day > to)) return false;
  if (kind && (row.TipoOperacao === "Crédito") !== (kind === "credito")) return false;
  const search = searchFor(text);
  return search === null || finds(search, { text: `${row.Descricao} ${row.NomeBeneficiario ?? ""}`, cents: signedCents(row) });
}
