// @ts-check
import { formatShortDay } from "./dates.js";
import { Emitter } from "./emitter.js";
import { formatAmount, formatBRL, toCents } from "./money.js";
import { folded } from "./search.js";
/** @import { EmailRequest, PersonPayload } from "../types/wire.js" */
/** @import { Account } from "./accounts.js" */

/** @typedef {{ title: string, people: PersonPayload[] }} Group */
/** @typedef {{ label: string, options: { account: number, words: string }[] }} Choice */

/** How each situation is called where it stands beside a name. */
export const SITUATIONS = {
  contato: "Contato",
  pedido_enviado: "Aguardando resposta",
  pedido_recebido: "Quer ser seu contato",
  historico: "Não é um contato",
  bloqueado: "Bloqueado",
};

/**
 * The people whom the person knows, as the bank last told them, and what was asked by e-mail.
 * @extends {Emitter<{ change: People }>}
 */
export class People extends Emitter {
  /** @type {PersonPayload[]} */
  list = [];
  /** @type {EmailRequest[]} */
  emails = [];
  loaded = false;
  failed = "";

  /** @param {{ people: PersonPayload[], emails: EmailRequest[] }} answer */
  load({ people, emails }) {
    Object.assign(this, { list: people, emails, loaded: true, failed: "" });
    this.emit("change", this);
  }

  /** @param {string} reason what is here stays */
  fail(reason) {
    this.failed = reason;
    this.emit("change", this);
  }

  clear() {
    Object.assign(this, { list: [], emails: [], loaded: false, failed: "" });
    this.emit("change", this);
  }

  /** Who waits for an answer of the person's. */
  get asking() {
    return this.list.filter(({ situacao }) => situacao === "pedido_recebido");
  }

  /**
   * Everybody else who is found, under what they are to the person; the nearest first.
   * @param {string} typed
   * @returns {Group[]}
   */
  groups(typed) {
    const found = this.list.filter((person) => person.situacao !== "pedido_recebido" && isFound(person, typed));
    const blocked = found.filter(({ situacao }) => situacao === "bloqueado");
    const others = found.filter(({ situacao }) => situacao !== "bloqueado");
    const favourites = others.filter(({ favorito }) => favorito);
    const rest = others.filter(({ favorito }) => !favorito);
    const of = (/** @type {string} */ situation) => rest.filter(({ situacao }) => situacao === situation);
    return [
      { title: "Favoritos", people: favourites },
      { title: "Contatos", people: of("contato") },
      { title: "Aguardando resposta", people: of("pedido_enviado") },
      { title: "Outras pessoas", people: of("historico") },
      { title: "Bloqueados", people: blocked },
    ].filter(({ people }) => people.length > 0);
  }
}

/**
 * By name, without case and accents, or by the account's number.
 * @param {PersonPayload} person
 * @param {string} typed
 */
function isFound({ nome, CorrentistaID }, typed) {
  const text = folded(typed);
  return text === "" || folded(nome).includes(text) || String(CorrentistaID ?? "").startsWith(text);
}

/**
 * What stands for a person where there is little room: the first letters of the first and of the last name.
 * @param {string} name
 */
export function initials(name) {
  const words = name.split(" ").filter(Boolean);
  return [words[0], words.length > 1 ? words[words.length - 1] : ""].map((word) => [...(word ?? "")][0] ?? "").join("");
}

/** @param {PersonPayload} person */
export function lastPaid({ ultima_transferencia: last }) {
  return last ? `Você enviou ${formatBRL(toCents(last.valor))} em ${formatShortDay(new Date(last.data))}` : "";
}

/**
 * Whom a transfer can go to without typing a number: the person's other accounts, then people.
 * @param {{ accounts: Account[], source: number, people: People }} known
 * @returns {Choice[]}
 */
export function choices({ accounts, source, people }) {
  const own = accounts.filter(({ id }) => id !== source).map(({ id, name }) => ({ account: id, words: `${name} · conta ${id}` }));
  const groups = people.groups("").filter(({ title }) => title !== "Bloqueados");
  const others = groups.map(({ title, people: found }) => ({
    label: title,
    options: found.flatMap(({ nome, CorrentistaID }) => (CorrentistaID === null ? [] : [{ account: CorrentistaID, words: `${nome} · conta ${CorrentistaID}` }])),
  }));
  return [{ label: "Suas contas", options: own }, ...others].filter(({ options }) => options.length > 0);
}

/**
 * The form of a transfer to a person, filled in as far as is known.
 * @param {PersonPayload} person
 * @param {{ again: boolean }} options whether it is the last transfer once more
 */
export function transferFields({ CorrentistaID, ultima_transferencia: last }, { again }) {
  const repeated = again && last ? { valor: formatAmount(toCents(last.valor)), conta: String(last.correntista_id_origem) } : { valor: "", conta: "" };
  const message = again && last && last.descricao !== "Transferência" ? last.descricao : "";
  return { ...repeated, destino: String(CorrentistaID ?? ""), descricao: message };
}
