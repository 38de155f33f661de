import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { approving, mayTryAgain, noCode } from "../../app/web/static/js/lib/approval.js";
import { ApiError } from "../../app/web/static/js/lib/http.js";
import { Operations } from "../../app/web/static/js/lib/operations.js";
import { makeSchedule } from "../../app/web/static/js/lib/schedules.js";
import { inGroups, readCode } from "../../app/web/static/js/models/code.js";
import { PendingOperation } from "../../app/web/static/js/models/pending.js";
import { Places } from "../../app/web/static/js/models/places.js";
import { MemoryStore } from "./support.js";

const transfer = { kind: "transferencia", body: { correntista_id_origem: 1, correntista_id_destino: 2, valor: "6000.00" }, summary: "Transferência" };
const needed = new ApiError("Informe o código.", { status: 403, code: "segundo_fator_exigido" });
const wrong = new ApiError("O código não confere.", { status: 403, code: "codigo_incorreto" });
const lost = new ApiError("Não houve resposta", { status: 0 });

/** A bank that gives its answers in a row, and keeps what it was asked. */
class Bank {
  asked = [];
  constructor(...answers) {
    this.answers = answers;
  }
  async post(path, body, headers) {
    this.asked.push({ path, body, headers });
    const answer = this.answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  }
}

/** A person who types these codes as long as another one helps, and then gives up. */
const typing = (...codes) =>
  approving(async (attempt) => {
    for (const code of codes) {
      try {
        return await attempt(code);
      } catch (error) {
        if (!mayTryAgain(error)) throw error;
      }
    }
    throw noCode();
  });

const nobodyIsAsked = approving(() => assert.fail("nobody asked for a code"));

let store, session;

beforeEach(() => {
  store = new MemoryStore();
  session = { user: { id: 7 } };
});

function operationsOf(bank) {
  let keys = 0;
  const pending = new PendingOperation(store, { newKey: () => `key-${(keys += 1)}` });
  return new Operations({ http: bank, pending, session, online: () => true });
}

test("a large transfer goes again under its key with each code that is typed, until one is right", async () => {
  const bank = new Bank(needed, wrong, { operacao_id: 41 });
  const operations = operationsOf(bank);
  assert.deepEqual(await operations.send(transfer, typing("111111", "222222")), { operacao_id: 41 });
  assert.deepEqual(bank.asked.map(({ headers }) => headers), [
    { "Idempotency-Key": "key-1" },
    { "Idempotency-Key": "key-1", "Segundo-Fator": "111111" },
    { "Idempotency-Key": "key-1", "Segundo-Fator": "222222" },
  ]);
  assert.equal(new Set(bank.asked.map(({ body }) => JSON.stringify(body))).size, 1);
  assert.equal(operations.inDoubt, null);
});

test("who gives no code has moved nothing, and nothing is in doubt", async () => {
  const operations = operationsOf(new Bank(needed, wrong, { operacao_id: 41 }));
  await assert.rejects(operations.send(transfer, typing("111111")), { code: "sem_codigo" });
  assert.equal(operations.inDoubt, null);
  assert.deepEqual(await operations.send(transfer, nobodyIsAsked), { operacao_id: 41 });
});

test("an answer that got lost after the code was sent leaves the operation in doubt, under its key", async () => {
  const bank = new Bank(needed, lost, needed, { operacao_id: 41 });
  const operations = operationsOf(bank);
  await assert.rejects(operations.send(transfer, typing("111111")), { status: 0 });
  assert.equal(operations.inDoubt?.key, "key-1");
  assert.deepEqual(await operations.resume(typing("222222")), { operacao_id: 41 });
  assert.deepEqual(new Set(bank.asked.map(({ headers }) => headers["Idempotency-Key"])), new Set(["key-1"]));
});

test("while a code is being asked for, another operation waits and no doubt is shown", async () => {
  const operations = operationsOf(new Bank(needed));
  let giveUp;
  const asked = new Promise((reached) => {
    operations
      .send(transfer, approving(() => new Promise((_, reject) => reached((giveUp = () => reject(noCode()))))))
      .catch(() => undefined);
  });
  await asked;
  assert.equal(operations.inDoubt, null);
  await assert.rejects(operations.send({ ...transfer, body: { ...transfer.body, valor: "1.00" } }), { code: "operacao_em_duvida" });
  giveUp();
});

test("nobody is asked for a code that the bank does not want", async () => {
  const refused = new ApiError("Saldo insuficiente.", { status: 422, code: "saldo_insuficiente" });
  await assert.rejects(operationsOf(new Bank(refused)).send(transfer, nobodyIsAsked), { code: "saldo_insuficiente" });
});

test("too many tries leave the person where they are; any other refusal ends the question", () => {
  assert.equal(mayTryAgain({ status: 429, code: "muitas_requisicoes" }), true);
  assert.equal(mayTryAgain({ status: 403, code: "codigo_incorreto" }), true);
  for (const [status, code] of [[0, ""], [403, "conta_de_outra_pessoa"], [422, "saldo_insuficiente"], [503, "banco_indisponivel"]]) {
    assert.equal(mayTryAgain({ status, code }), false, code);
  }
});

test("a schedule goes again under its key with the code", async () => {
  const bank = new Bank(needed, { id: 3 });
  const places = new Places(store);
  const draft = { kind: "transferencia", account: 1, cents: 600_000, description: "", target: 2, when: { day: "2030-01-02", recurrence: "unica", until: "" } };
  const made = await makeSchedule({ http: bank, places }, draft, { here: places.at("a"), newKey: () => "key-1", approve: typing("111111") });
  assert.equal(made.id, 3);
  assert.deepEqual(bank.asked.map(({ headers }) => headers), [{ "Idempotency-Key": "key-1" }, { "Idempotency-Key": "key-1", "Segundo-Fator": "111111" }]);
});

test("a code is what its letters and digits are, however it was typed", () => {
  assert.equal(readCode(" 123 456 "), "123456");
  assert.equal(readCode("abcd—2345–ef67"), "abcd2345ef67");
  assert.equal(readCode("１２３４５６"), "123456");
  assert.equal(readCode(" — 😀 "), "");
  assert.equal(inGroups("ABCDEFGHIJKL"), "ABCD EFGH IJKL");
});
