import assert from "node:assert/strict";
import { test } from "node:test";
import { StatementPages } from "../../app/web/static/js/lib/statement_pages.js";

const row = (id, account = 1) => ({
  MovimentacaoID: id,
  CorrentistaID: account,
  TipoOperacao: "Crédito",
  Descricao: "Depósito",
  DataOperacao: "2026-11-20T12:00:00+00:00",
  NomeBeneficiario: null,
});

/** A statement of account 1 that begins with these rows. */
async function showing(ids) {
  const pages = new StatementPages({ get: async () => ids.map((id) => row(id)) });
  await pages.show({ account: 1 });
  return pages;
}

test("a statement agrees with a snapshot that begins as it does, whatever other accounts did", async () => {
  const pages = await showing([7, 5]);
  assert.equal(pages.agrees([row(9, 2), row(7), row(5)]), true);
});

test("a statement that missed rows, or shows rows that are no more, does not agree", async () => {
  const pages = await showing([7, 5]);
  assert.equal(pages.agrees([row(8), row(7), row(5)]), false);
  assert.equal(pages.agrees([row(5)]), false);
});

test("nothing is said of a statement that is older than the snapshot reaches, or still on its way", async () => {
  const pages = await showing([7, 5]);
  assert.equal(pages.agrees([row(9, 2)]), true);
  const waiting = new StatementPages({ get: () => new Promise(() => {}) });
  waiting.show({ account: 1 });
  assert.equal(waiting.agrees([row(8)]), true);
});
