// @ts-check
import { el, icon } from "../lib/dom.js";
import { dayKey, dayName, formatTime } from "../models/dates.js";
import { formatBRL, formatSigned, toCents } from "../models/money.js";
import { groupByDay, signedCents } from "../models/statement.js";
/** @import { Row } from "../types/wire.js" */

/**
 * @typedef {object} RowOptions
 * @property {boolean} [withAccount] names the account, where rows of several stand together
 * @property {boolean} [withDay] names the day, where no heading does
 * @property {Set<number>} [fresh] rows that just came by themselves
 */

/**
 * @param {Row[]} rows newest first
 * @param {RowOptions} [options]
 */
export function dayGroups(rows, options) {
  return groupByDay(rows).map(({ day, rows: ofDay, cents }) =>
    el(
      "section",
      { class: "day", "aria-label": dayName(day) },
      el("h3", { class: "day-name" }, el("span", {}, dayName(day)), el("span", { class: "day-sum" }, formatSigned(cents))),
      el("ul", { class: "rows", role: "list" }, ...ofDay.map((row) => rowView(row, options))),
    ),
  );
}

/**
 * @param {Row} row
 * @param {RowOptions} [options]
 */
export function rowView(row, { withAccount = false, withDay = false, fresh } = {}) {
  const cents = signedCents(row);
  const inner = [
    el("span", { class: "row-icon", "data-way": cents < 0 ? "out" : "in" }, icon(cents < 0 ? "arrow-up-right" : "arrow-down-left")),
    el("span", { class: "row-text" }, el("b", {}, row.Descricao, el("span", { class: "sr-only" }, `, ${row.TipoOperacao}`)), el("small", {}, details(row, withAccount, withDay))),
    el(
      "span",
      { class: "row-sums" },
      el("b", { class: cents < 0 ? "out" : "in" }, formatSigned(cents)),
      el("small", {}, el("span", { class: "sr-only" }, "saldo após: "), formatBRL(toCents(row.SaldoApos))),
    ),
  ];
  return el(
    "li",
    {
      class: fresh?.has(row.MovimentacaoID) ? "row is-fresh" : "row",
      "data-testid": "extrato-linha",
      "data-id": row.MovimentacaoID,
    },
    el("a", { class: "row-body", href: `#/comprovante/${row.OperacaoID}` }, ...inner),
  );
}

/**
 * @param {Row} row
 * @param {boolean} withAccount
 * @param {boolean} withDay
 */
function details(row, withAccount, withDay) {
  const other = row.NomeBeneficiario;
  const way = row.TipoOperacao === "Débito" ? "para" : "de";
  return [
    withDay ? `${dayName(dayKey(row.DataOperacao))}, ${formatTime(row.DataOperacao)}` : formatTime(row.DataOperacao),
    other && !row.Descricao.includes(other) ? `${way} ${other}` : "",
    withAccount ? row.NomeCorrentista : "",
  ]
    .filter(Boolean)
    .join(" · ");
}
