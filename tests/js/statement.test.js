import assert from "node:assert/strict";
import { test } from "node:test";
import { groupByDay, signedCents, Statement, kindName, receiptPath, receiptRow } from "../../app/web/static/js/models/statement.js";
import { matches } from "../../app/web/static/js/models/statement_filter.js";
import { randomFrom, shuffled } from "./support.js";

const row = (id, values = {}) => ({
  MovimentacaoID: id,
  CorrentistaID: 1,
  NomeCorrentista: "Conta",
  TipoOperacao: "Crédito",
  Descricao: "Depósito",
  DataOperacao: new Date(2026, 10, 20 + Math.floor(id / 10), 12).toISOString(),
  ValorOperacao: 10,
  SaldoApos: 10,
  BeneficiarioID: null,
  NomeBeneficiario: null,
  OperacaoID: id,
  ...values,
});

test("rows stand newest first, each once, whatever the order in which they came", () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const statement = new Statement();
    const rows = Array.from({ length: 20 }, (_, index) => row(index + 1));
    shuffled([...rows, ...rows], randomFrom(seed)).forEach((each) => statement.add([each]));
    assert.deepEqual(statement.rows.map((each) => each.MovimentacaoID), Array.from({ length: 20 }, (_, index) => 20 - index));
    assert.equal(statement.oldestId, 1);
  }
});

test("adding says which rows were new", () => {
  const statement = new Statement();
  statement.add([row(1)]);
  assert.deepEqual(statement.add([row(1), row(2)]).map((each) => each.MovimentacaoID), [2]);
});

test("a row that comes by itself is asked the same question as the server", () => {
  const payment = row(5, { TipoOperacao: "Débito", Descricao: "Conta de água", NomeBeneficiario: "João" });
  assert.equal(matches(payment, { account: 1 }), true);
  assert.equal(matches(payment, { account: 2 }), false);
  assert.equal(matches(payment, { kind: "debito" }), true);
  assert.equal(matches(payment, { kind: "credito" }), false);
  assert.equal(matches(payment, { text: "AGUA" }), true);
  assert.equal(matches(payment, { text: " joao " }), true);
  assert.equal(matches(payment, { text: "luz" }), false);
  assert.equal(matches(payment, { from: "2026-11-20", to: "2026-11-20" }), true);
  assert.equal(matches(payment, { from: "2026-11-21" }), false);
  assert.equal(matches(payment, { to: "2026-11-19" }), false);
});

test("rows are grouped by their days", () => {
  const groups = groupByDay([row(25), row(14), row(13)]);
  assert.deepEqual(groups.map(({ day, rows: { length } }) => [day, length]), [["2026-11-22", 1], ["2026-11-21", 2]]);
});

test("a debit counts down", () => {
  assert.equal(signedCents(row(1, { TipoOperacao: "Débito", ValorOperacao: "8.29" })), -829);
});

test("a receipt shows the side that was asked for, else the one that paid", () => {
  const side = (MovimentacaoID, TipoOperacao) => ({ MovimentacaoID, TipoOperacao, OperacaoID: 7, BeneficiarioID: 2, Descricao: "Guardar" });
  const rows = [side(12, "Crédito"), side(11, "Débito")];
  assert.equal(receiptRow(rows, "7")?.MovimentacaoID, 11);
  assert.equal(receiptRow(rows, "7", "12")?.MovimentacaoID, 12);
  assert.equal(receiptRow(rows, "8"), undefined);
  assert.equal(receiptPath(rows[0]), "comprovante/7/12");
});

test("the kind of an operation is told from its row", () => {
  const kind = (TipoOperacao, Descricao, BeneficiarioID = null) => kindName({ TipoOperacao, Descricao, BeneficiarioID });
  assert.deepEqual(
    [kind("Crédito", "Depósito"), kind("Débito", "Saque"), kind("Débito", "Luz"), kind("Débito", "Café", 3), kind("Crédito", "Café", 3)],
    ["Depósito", "Saque", "Pagamento", "Transferência", "Transferência"],
  );
});
