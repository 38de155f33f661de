import assert from "node:assert/strict";
import { test } from "node:test";
import { Accounts } from "../../app/web/static/js/models/accounts.js";
import { receiptOf, receiptOfRow, receiptText } from "../../app/web/static/js/models/receipt.js";

const user = { id: 7, email: "ana@teste.com", nome: "Ana Souza" };
const row = {
  MovimentacaoID: 9,
  CorrentistaID: 1,
  NomeCorrentista: "Minha reserva secreta",
  TipoOperacao: "Débito",
  Descricao: "Café",
  DataOperacao: "2026-11-25T12:00:00+00:00",
  ValorOperacao: 10,
  SaldoApos: 98765.43,
  BeneficiarioID: 2,
  NomeBeneficiario: "Bob Pereira",
  OperacaoID: 41,
};
const proof = {
  operacao_id: 41,
  tipo: "transferencia",
  valor: 10,
  descricao: "Café",
  data: row.DataOperacao,
  origem: { CorrentistaID: 1, Titular: "Ana Souza" },
  destino: { CorrentistaID: 2, Titular: "Bob Pereira" },
  codigo: "ABCD-EFGH-JKLM-NPQR",
  endereco: "https://banco.example/#/verificar/ABCD-EFGH-JKLM-NPQR",
  qr: "data:image/svg+xml,x",
};
const mine = (...ids) => {
  const accounts = new Accounts();
  accounts.replace(ids.map((id) => ({ CorrentistaID: id, NomeCorrentista: "Minha reserva secreta", Saldo: 98765.43, versao: 1 })));
  return accounts;
};
/** Intl separates with spaces that look alike. */
const plain = (text) => text.replace(/[^\S\n]/g, " ");

test("a receipt tells neither a balance nor what somebody calls their account", () => {
  for (const receipt of [receiptOf(proof, mine(1)), receiptOfRow(row, user)]) {
    const told = JSON.stringify(receipt) + receiptText(receipt);
    assert.doesNotMatch(told, /98\.765|saldo d|secreta/i);
  }
});

test("what is known at once and what the bank says tell the same", () => {
  assert.deepEqual(receiptOfRow(row, user).facts, receiptOf(proof, mine(1)).facts);
});

test("the copied text has the code and where to verify it", () => {
  const lines = plain(receiptText(receiptOf(proof, mine(1)))).split("\n");
  assert.deepEqual(lines.slice(0, 5), ["Saldo Vivo — comprovante", "Valor: R$ 10,00", "Operação: Transferência", "Descrição: Café", "De: Ana Souza · conta 1"]);
  assert.deepEqual(lines.slice(-2), [`Código de verificação: ${proof.codigo}`, `Confira em: ${proof.endereco}`]);
});

test("it says which way the money went", () => {
  const ways = [mine(1), mine(2), mine(1, 2), mine()].map((accounts) => receiptOf(proof, accounts).way);
  assert.deepEqual(ways, ["Saiu", "Entrou", "Entre suas contas", ""]);
});
