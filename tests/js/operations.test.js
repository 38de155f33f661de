import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ApiError } from "../../app/web/static/js/lib/http.js";
import { Operations } from "../../app/web/static/js/lib/operations.js";
import { PendingOperation } from "../../app/web/static/js/models/pending.js";
import { MemoryStore } from "./support.js";

const withdrawal = { kind: "saque", body: { correntista_id: 1, valor: "10.00" }, summary: "Saque de R$ 10,00" };
const deposit = { kind: "deposito", body: { correntista_id: 1, valor: "5.00" }, summary: "Depósito de R$ 5,00" };
const answer = { operacao_id: 41 };

/** A bank whose answers come when the test says so. */
class SlowBank {
  sent = [];

  post(path, body, headers) {
    return new Promise((give, lose) => this.sent.push({ key: headers["Idempotency-Key"], give, lose }));
  }
}

let bank, keys, session, store, pending, operations, done, online;

beforeEach(() => {
  bank = new SlowBank();
  keys = 0;
  session = { user: { id: 7 } };
  store = new MemoryStore();
  pending = new PendingOperation(store, { newKey: () => `key-${(keys += 1)}` });
  online = true;
  operations = new Operations({ http: bank, pending, session, online: () => online });
  done = [];
  operations.on("done", (each) => done.push(each));
});

const lost = () => new ApiError("Não houve resposta", { status: 0 });

test("while one is in doubt another is refused without being sent", async () => {
  const first = operations.send(withdrawal);
  bank.sent[0].lose(lost());
  await assert.rejects(first);
  await assert.rejects(operations.send(deposit), { code: "operacao_em_duvida", message: /Saque de R\$ 10,00/ });
  assert.equal(bank.sent.length, 1);
  assert.equal(operations.inDoubt?.key, "key-1");
});

test("the same one goes again under its key, and then another may go", async () => {
  const first = operations.send(withdrawal);
  bank.sent[0].lose(lost());
  await assert.rejects(first);
  const again = operations.send(withdrawal);
  bank.sent[1].give(answer);
  await again;
  assert.deepEqual(bank.sent.map(({ key }) => key), ["key-1", "key-1"]);
  operations.send(deposit);
  assert.equal(bank.sent[2].key, "key-2");
});

test("one that the person gave up makes room for another", async () => {
  const first = operations.send(withdrawal);
  bank.sent[0].lose(lost());
  await assert.rejects(first);
  operations.forget();
  assert.equal(operations.inDoubt, null);
  operations.send(deposit);
  assert.equal(bank.sent.length, 2);
});

test("an answer that comes to the next person's screen is settled and shown to nobody", async () => {
  const hers = operations.send(withdrawal);
  session.user = { id: 8 };
  operations.clear();
  const his = operations.send(deposit);
  bank.sent[0].give(answer);
  assert.equal(await hers, null);
  assert.deepEqual(done, []);
  assert.equal(operations.answerOf("41"), null);
  assert.equal(pending.of(7), null);
  assert.equal(pending.of(8)?.key, "key-2");
  bank.sent[1].give({ operacao_id: 42 });
  assert.deepEqual(await his, { operacao_id: 42 });
});

test("what another tab resolved is in doubt here no more, and what it begins not yet", async () => {
  const first = operations.send(withdrawal);
  bank.sent[0].lose(lost());
  await assert.rejects(first);
  const told = [];
  operations.on("change", (each) => told.push(each));
  operations.changedElsewhere("saldo-vivo:operacao:7", "{}");
  store.clear();
  operations.changedElsewhere("saldo-vivo:operacao:8", null);
  operations.changedElsewhere("saldo-vivo:operacao:7", null);
  assert.deepEqual(told, [null]);
});

test("what never left the device is not in doubt", async () => {
  online = false;
  await assert.rejects(operations.send(withdrawal), { code: "nao_enviada", message: /não foi enviada/ });
  assert.equal(bank.sent.length, 0);
  assert.equal(operations.inDoubt, null);
  online = true;
  operations.send(withdrawal);
  assert.equal(bank.sent.length, 1);
});

test("what left it before the network went stays in doubt", async () => {
  const first = operations.send(withdrawal);
  bank.sent[0].lose(lost());
  await assert.rejects(first);
  online = false;
  const again = operations.send(withdrawal);
  bank.sent[1].lose(lost());
  await assert.rejects(again, { status: 0 });
  assert.equal(operations.inDoubt?.key, "key-1");
});
