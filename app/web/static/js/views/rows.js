// @ts-check
import { el, icon, setText, sync } from "../lib/dom.js";
import { dayKey, dayName, formatTime } from "../models/dates.js";
import { formatBRL, formatSigned, toCents } from "../models/money.js";
import { groupByDay, receiptPath, signedCents } from "../models/statement.js";
/** @import { DayTotals } from "../models/day_totals.js" */
/** @import { Row } from "../types/wire.js" */

/**
 * @typedef {object} RowOptions
 * @property {boolean} [withAccount] names the account, where rows of several stand together
 * @property {boolean} [withDay] names the day, where no heading does
 * @property {Set<number>} [fresh] rows that just came by themselves
 */

/** Rows under the names of their days, kept in place as others join them. */
export function dayList() {
  const node = el("div", { class: "days", "data-testid": "extrato" });
  /** @type {Map<number, HTMLElement>} */
  let rowNodes = new Map();
  /** @type {Map<string, ReturnType<typeof dayView>>} */
  let days = new Map();
  const update = (/** @type {Row[]} */ rows, /** @type {DayTotals} */ totals, /** @type {Set<number>} */ fresh) => {
    rowNodes = new Map(rows.map((row) => [row.MovimentacaoID, rowNodes.get(row.MovimentacaoID) ?? rowView(row, { fresh })]));
    const groups = groupByDay(rows);
    days = new Map(groups.map(({ day }) => [day, days.get(day) ?? dayView()]));
    groups.forEach(({ day, rows: ofDay }) =>
      days.get(day)?.show(day, totals.of(day, ofDay), ofDay.map((row) => /** @type {Node} */ (rowNodes.get(row.MovimentacaoID)))),
    );
    sync(node, [...days.values()].map((day) => day.node));
  };
  return { node, update };
}

function dayView() {
  const name = el("span");
  const sum = el("span", { class: "day-sum", "data-testid": "extrato-dia-soma" });
  const list = el("ul", { class: "rows", role: "list" });
  const node = el("section", { class: "day" }, el("h2", { class: "day-name" }, name, sum), list);
  const show = (/** @type {string} */ day, /** @type {number | null} */ cents, /** @type {Node[]} */ rows) => {
    setText(name, dayName(day));
    setText(sum, cents === null ? "" : formatSigned(cents));
    sync(list, rows);
  };
  return { node, show };
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
    el("a", { class: "row-body", href: `#/${receiptPath(row)}` }, ...inner),
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
