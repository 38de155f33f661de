/** What several tests of the models share. */

/** A store like the browser's, in memory. */
export class MemoryStore extends Map {
  getItem(key) {
    return this.get(key) ?? null;
  }
  setItem(key, value) {
    this.set(key, value);
  }
  removeItem(key) {
    this.delete(key);
  }
}

/** Numbers that look random and are the same in every run. */
export function randomFrom(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function shuffled(items, random) {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(random() * left.length), 1)[0]);
}

/** A small bank that answers like the server: snapshots, durable events and balances. */
export class TinyBank {
  rows = [];
  events = [];
  balances = [];
  #accounts = new Map();

  constructor(ids) {
    ids.forEach((id) => this.#accounts.set(id, { cents: 0, version: 1 }));
  }

  move(account, cents, { at = new Date(), other = null, description = "Depósito" } = {}) {
    const state = this.#accounts.get(account);
    state.cents += cents;
    state.version += 1;
    const row = {
      MovimentacaoID: this.rows.length + 1,
      CorrentistaID: account,
      NomeCorrentista: `Conta ${account}`,
      TipoOperacao: cents > 0 ? "Crédito" : "Débito",
      Descricao: description,
      DataOperacao: at.toISOString(),
      ValorOperacao: Math.abs(cents) / 100,
      SaldoApos: state.cents / 100,
      BeneficiarioID: other,
      NomeBeneficiario: other ? `Conta ${other}` : null,
      OperacaoID: this.rows.length + 1,
    };
    this.rows.push(row);
    this.balances.push(this.#payload(account));
    this.events.push({ seq: this.events.length + 1, tipo: "deposito", mensagem: "", timestamp: row.DataOperacao, dados: { movimentacoes: [row] } });
  }

  #payload(id) {
    const { cents, version } = this.#accounts.get(id);
    return { CorrentistaID: id, NomeCorrentista: `Conta ${id}`, Saldo: cents / 100, versao: version };
  }

  get snapshot() {
    const accounts = [...this.#accounts.keys()].map((id) => this.#payload(id));
    return { accounts, rows: [...this.rows].reverse(), complete: true, summary: null };
  }
}

/** What a person sees of a bank model. */
export function shown(bank) {
  return {
    accounts: bank.accounts.list,
    total: bank.accounts.totalCents,
    rows: bank.statement.rows.map((row) => row.MovimentacaoID),
  };
}
