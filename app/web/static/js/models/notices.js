// @ts-check
import { dayKey } from "./dates.js";
import { toCents } from "./money.js";
import { kindOf } from "./preferences.js";
import { signedCents } from "./statement.js";
/** @import { Notification } from "../types/wire.js" */
/** @import { Inbox } from "./inbox.js" */

/** What the bank writes where a transfer has no message of its own. */
const NO_MESSAGE = "Transferência";
const PAGE = 30;

/** @typedef {{ kind: string, way: string }} NoticeFilter both empty for all */

/** @type {NoticeFilter} */
export const ALL = { kind: "", way: "" };

/**
 * Which way the money went: "entrada", "saida", or "" where none moved or it stayed with the person.
 * @param {Notification} item
 */
export function wayOf({ dados }) {
  const rows = Array.isArray(dados?.movimentacoes) ? dados.movimentacoes : [];
  const ways = new Set(rows.map(({ TipoOperacao }) => TipoOperacao));
  if (ways.size !== 1) return "";
  return ways.has("Crédito") ? "entrada" : "saida";
}

/**
 * What moved, with its sign; null where nothing did.
 * @param {Notification} item
 */
export function centsOf(item) {
  const row = item.dados?.movimentacoes?.[0];
  if (row && wayOf(item)) return signedCents(row);
  return row ? toCents(row.ValorOperacao) : null;
}

/**
 * What the sender of a transfer wrote; empty when they wrote nothing.
 * @param {Notification} item
 */
export function messageOf({ tipo, dados }) {
  const words = dados?.descricao;
  return tipo === "transferencia" && words && words !== NO_MESSAGE ? words : "";
}

/**
 * The operation that the person did, as a filled form; null for what cannot be repeated.
 * @param {Notification} item
 */
export function repeatOf(item) {
  const { tipo, dados } = item;
  const row = dados?.movimentacoes?.[0];
  if (!row || dados?.propria !== true || !["transferencia", "pagamento"].includes(tipo)) return null;
  return {
    kind: /** @type {"transferencia" | "pagamento"} */ (tipo),
    account: row.CorrentistaID,
    target: row.BeneficiarioID,
    cents: toCents(row.ValorOperacao),
    description: tipo === "pagamento" ? row.Descricao : messageOf(item),
  };
}

/**
 * The same question that the bank answers for a page, asked of what came by itself.
 * @param {Notification} item
 * @param {NoticeFilter} filter
 */
export function fits(item, { kind, way }) {
  return (!kind || kindOf(item.tipo) === kind) && (!way || wayOf(item) === way);
}

/**
 * @param {Notification[]} items newest first
 * @returns {{ day: string, items: Notification[] }[]}
 */
export function byDay(items) {
  /** @type {{ day: string, items: Notification[] }[]} */
  const groups = [];
  for (const item of items) {
    const day = dayKey(item.timestamp);
    if (groups.at(-1)?.day !== day) groups.push({ day, items: [] });
    groups[groups.length - 1].items.push(item);
  }
  return groups;
}

/**
 * The notices that fit a filter: those that the inbox has, and older ones that were fetched with it.
 */
export class FilteredNotices {
  filter = ALL;
  /** @type {Map<number, Notification>} */
  #fetched = new Map();
  /** @type {string | null} */
  #next = null;
  /** The oldest that the inbox had when the filter was chosen. @type {number | null} */
  #from = null;
  #inbox;

  /** @param {Inbox} inbox */
  constructor(inbox) {
    this.#inbox = inbox;
  }

  /** @param {NoticeFilter} filter */
  choose(filter) {
    this.filter = filter;
    this.#begin();
  }

  #begin() {
    this.#fetched.clear();
    this.#from = this.#inbox.oldestSeq;
    this.#next = this.isOn && this.#from !== null && !this.#inbox.complete ? this.#path(this.#from) : null;
  }

  /** @param {number} before */
  #path(before) {
    const { kind, way } = this.filter;
    const asked = Object.entries({ limite: String(PAGE), antes: String(before), tipo: kind, sentido: way });
    return `/notificacoes?${new URLSearchParams(asked.filter(([, value]) => value))}`;
  }

  get isOn() {
    return this.filter.kind !== "" || this.filter.way !== "";
  }

  /** Where older ones that fit are asked for; null when there are none. After the inbox was loaded anew: from there. */
  get next() {
    if (this.isOn && (this.#from ?? 0) < (this.#inbox.oldestSeq ?? 0)) this.#begin();
    return this.#next;
  }

  /**
   * @param {string} path that was asked for; when another filter was chosen since, the page is passed over
   * @param {{ items: Notification[], next: string | null }} page
   */
  add(path, { items, next }) {
    if (path !== this.#next) return;
    items.forEach((item) => this.#fetched.set(item.seq, item));
    this.#inbox.learn(items);
    this.#next = next;
  }

  /** @returns {Notification[]} newest first */
  get list() {
    const { list } = this.#inbox;
    if (!this.isOn) return list;
    const all = new Map(this.#fetched);
    list.filter((item) => fits(item, this.filter)).forEach((item) => all.set(item.seq, item));
    return [...all.values()].sort((a, b) => b.seq - a.seq);
  }
}
