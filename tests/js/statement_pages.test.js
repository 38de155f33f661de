import assert from "node:assert/strict";
import { test } from "node:test";
import { StatementPages } from "../../app/web/static/js/lib/statement_pages.js";
import { dayKey } from "../../app/web/static/js/models/dates.js";
import { signedCents } from "../../app/web/static/js/models/statement.js";
import { matches } from "../../app/web/static/js/models/statement_filter.js";
import { randomFrom } from "./support.js";

const row = (id, values = {}) => ({
  MovimentacaoID: id,
  CorrentistaID: 1,
  TipoOperacao: "Crédito",
  Descricao: "Depósito",
  DataOperacao: "2026-11-20T12:00:00+00:00",
  ValorOperacao: 1,
  NomeBeneficiario: null,
  ...values,
});
const ofAccount2 = { CorrentistaID: 2 };

/** A server that holds rows and answers in pages of so many, a search also in pieces of that size. */
class Server {
  rows = [];
  asked = [];
  constructor(pageRows) {
    this.pageRows = pageRows;
  }
  page = async (path) => {
    this.asked.push(path);
    const url = new URL(path, "http://bank");
    const query = Object.fromEntries(url.searchParams);
    const filter = { account: 1, from: query.de, to: query.ate, kind: query.tipo, text: query.texto };
    const before = Number(query.antes ?? Infinity);
    const older = this.rows.filter(({ MovimentacaoID: id }) => id < before).sort((a, b) => b.MovimentacaoID - a.MovimentacaoID);
    const looked = query.texto || url.pathname.endsWith("/totais") ? older.slice(0, this.pageRows) : older;
    const found = looked.filter((each) => matches(each, filter)).slice(0, this.pageRows);
    const last = found.length === this.pageRows ? found.at(-1) : looked.length < older.length ? looked.at(-1) : null;
    if (last) url.searchParams.set("antes", String(last.MovimentacaoID));
    return { body: url.pathname.endsWith("/totais") ? this.sums(found) : found, next: last && url.pathname + url.search };
  };
  sums(rows) {
    const days = new Map();
    for (const each of rows) {
      const dia = dayKey(each.DataOperacao);
      const sum = days.get(dia) ?? { dia, entrou: 0, saiu: 0 };
      if (signedCents(each) > 0) sum.entrou += each.ValorOperacao;
      else sum.saiu += each.ValorOperacao;
      days.set(dia, sum);
    }
    return { dias: [...days.values()], ate_movimentacao: Math.max(0, ...this.rows.map((each) => each.MovimentacaoID)) };
  }
}

/** A statement of account 1 that begins with these rows. */
async function showing(ids) {
  const server = new Server(50);
  server.rows = ids.map((id) => row(id));
  const pages = new StatementPages(server);
  await pages.show({ account: 1 });
  return pages;
}

test("a statement agrees with a snapshot that begins as it does, whatever other accounts did", async () => {
  const pages = await showing([7, 5]);
  assert.equal(pages.agrees([row(9, ofAccount2), row(7), row(5)]), true);
});

test("a statement that missed rows, or shows rows that are no more, does not agree", async () => {
  const pages = await showing([7, 5]);
  assert.equal(pages.agrees([row(8), row(7), row(5)]), false);
  assert.equal(pages.agrees([row(5)]), false);
});

test("nothing is said of a statement that is older than the snapshot reaches, or still on its way", async () => {
  const pages = await showing([7, 5]);
  assert.equal(pages.agrees([row(9, ofAccount2)]), true);
  const waiting = new StatementPages({ page: () => new Promise(() => {}) });
  waiting.show({ account: 1 });
  assert.equal(waiting.agrees([row(8)]), true);
});

test("days are asked for as days", async () => {
  const server = new Server(50);
  await new StatementPages(server).show({ account: 1, from: "2026-11-01", to: "2026-11-20" });
  assert.deepEqual(server.asked, ["/extrato/1?de=2026-11-01&ate=2026-11-20&limite=50"]);
});

const TEXTS = ["Padaria São João", "padaria", "Café & Cia", "Conta de luz", "Straße"];
const FILTERS = ["", "pada", "SAO", "cafe", "50", "12,5", "r$ 3", "strasse", "zzz"];

function randomRow(random, id) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  return row(id, {
    CorrentistaID: random() < 0.9 ? 1 : 2,
    TipoOperacao: pick(["Crédito", "Débito"]),
    Descricao: pick(TEXTS),
    NomeBeneficiario: pick([null, "João", "Maria"]),
    ValorOperacao: pick([50, 12.5, 12.59, 3, 50.01]),
    DataOperacao: new Date(Date.UTC(2026, 10, 10, 2 + id)).toISOString(),
  });
}

/** What the screen says: every row, and every day's sum. */
function shown({ statement, totals }) {
  const days = [...new Set(statement.rows.map((each) => dayKey(each.DataOperacao)))];
  return { rows: statement.rows.map((each) => each.MovimentacaoID), sums: days.map((day) => [day, totals.of(day, statement.rows)]) };
}

test("whatever happened while it was open, the statement equals a fresh one, rows and sums, under any filter", async () => {
  for (let seed = 1; seed <= 150; seed += 1) {
    const random = randomFrom(seed);
    const server = new Server(3 + Math.floor(random() * 5));
    let id = 0;
    const happen = (count) => {
      const fresh = Array.from({ length: count }, () => randomRow(random, (id += 1)));
      server.rows.push(...fresh);
      return fresh;
    };
    happen(30);
    const days = random() < 0.5 ? {} : { from: "2026-11-10", to: "2026-11-11" };
    const filter = { account: 1, kind: ["", "credito", "debito"][seed % 3], text: FILTERS[seed % FILTERS.length], ...days };
    const open = new StatementPages({
      page: async (path) => {
        const answer = await server.page(path);
        // What is committed between two answers is told by itself.
        if (random() < 0.3) open.receive(happen(1));
        return answer;
      },
    });
    await open.show(filter);
    for (let i = 0; !open.complete || i < 3; i += 1) {
      open.receive(happen(random() < 0.3 ? 1 : 0));
      await open.more();
      assert.ok(i < 200, `seed ${seed} goes on for ever`);
    }
    const fresh = new StatementPages(server);
    await fresh.show(filter);
    while (!fresh.complete) await fresh.more();
    assert.deepEqual(shown(open), shown(fresh), `seed ${seed}`);
    assert.ok(!shown(fresh).sums.some(([, cents]) => cents === null), `seed ${seed} knows every sum`);
    const right = server.rows.filter((each) => matches(each, filter)).reverse();
    assert.deepEqual(shown(fresh).rows, right.map((each) => each.MovimentacaoID), `seed ${seed}`);
    const sum = (list) => list.reduce((total, each) => total + signedCents(each), 0);
    assert.deepEqual(
      shown(fresh).sums.map(([day, cents]) => [day, cents]),
      [...new Set(right.map((each) => dayKey(each.DataOperacao)))].map((day) => [day, sum(right.filter((each) => dayKey(each.DataOperacao) === day))]),
      `seed ${seed}`,
    );
  }
});
