import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { isSettled, PendingOperation } from "../../app/web/static/js/models/pending.js";
import { MemoryStore } from "./support.js";

const operation = { user: 7, kind: "saque", body: { correntista_id: 1, valor: "10.00" }, summary: "Saque de R$ 10,00" };
const DAY_MS = 24 * 3600 * 1000;

let now, keys, store, pending;

beforeEach(() => {
  now = 0;
  keys = 0;
  store = new MemoryStore();
  pending = new PendingOperation(store, { now: () => now, newKey: () => `key-${(keys += 1)}` });
});

test("the same operation keeps its key until the answer is known", () => {
  const first = pending.begin(operation);
  assert.equal(pending.begin({ ...operation }).key, first.key);
  pending.settle(first);
  assert.notEqual(pending.begin(operation).key, first.key);
});

test("the key survives a reload", () => {
  const first = pending.begin(operation);
  const reloaded = new PendingOperation(store, { now: () => now, newKey: () => "other" });
  assert.equal(reloaded.of(7)?.key, first.key);
  assert.equal(reloaded.begin(operation).key, first.key);
});

test("no other operation takes the place of one in doubt", () => {
  const first = pending.begin(operation);
  assert.equal(pending.begin({ ...operation, body: { ...operation.body, valor: "10.01" } }), null);
  assert.equal(pending.of(7)?.key, first.key);
  pending.settle(first);
  assert.notEqual(pending.begin({ ...operation, kind: "deposito" }), null);
});

test("a late answer settles its own operation and no later one", () => {
  const first = pending.begin(operation);
  pending.settle(first);
  const second = pending.begin(operation);
  pending.settle(first);
  assert.equal(pending.of(7)?.key, second.key);
});

test("nobody else is asked about it, and nobody else's takes its place", () => {
  const hers = pending.begin(operation);
  assert.equal(pending.of(8), null);
  const his = pending.begin({ ...operation, user: 8 });
  assert.equal(pending.of(7)?.key, hers.key);
  assert.equal(pending.of(8)?.key, his.key);
});

test("it is forgotten when the server may have forgotten the key", () => {
  pending.begin(operation);
  now = DAY_MS;
  assert.equal(pending.of(7), null);
});

test("only an answer that leaves no doubt settles it", () => {
  for (const status of [200, 201, 400, 403, 404, 422]) assert.equal(isSettled(status), true, String(status));
  for (const status of [0, 401, 408, 409, 429, 500, 502, 503, 504]) assert.equal(isSettled(status), false, String(status));
  assert.equal(isSettled(429, "limite_de_operacoes"), true, "told only when nothing was done under the key");
  assert.equal(isSettled(429, "muitas_requisicoes"), false);
});
