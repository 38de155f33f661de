import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Outbox } from "../../app/web/static/js/models/outbox.js";
import { MemoryStore } from "./support.js";

let store;
let outbox;

const opened = () => {
  let made = 0;
  return new Outbox(store, { newId: () => `c${(made += 1)}-${store.size}`, now: () => 0 });
};
const texts = (other) => outbox.to(other).map(({ texto }) => texto);

beforeEach(() => {
  store = new MemoryStore();
  outbox = opened();
  outbox.own(1);
});

test("messages are sent in the order in which they were written, and one that was refused keeps nobody waiting", () => {
  outbox.write(2, "a");
  outbox.write(3, "b");
  outbox.write(2, "c");
  assert.equal(outbox.next.texto, "a");
  outbox.fail(outbox.next.id_cliente, "Vocês não são contatos.");
  assert.equal(outbox.next.texto, "b");
  outbox.remove(outbox.next.id_cliente);
  assert.equal(outbox.next.texto, "c");
  const [refused] = outbox.to(2);
  outbox.retry(refused.id_cliente);
  assert.deepEqual(texts(2), ["c", "a"]);
  assert.equal(outbox.to(2).at(-1).id_cliente, refused.id_cliente, "a retry has the same id, so that the bank takes it once");
});

test("what waits outlives a reload, under the same id, for its writer alone", () => {
  outbox.write(2, "espera");
  const { id_cliente } = outbox.next;
  outbox = opened();
  outbox.own(1);
  assert.equal(outbox.next.id_cliente, id_cliente);
  outbox.leave();
  assert.equal(outbox.next, null);
  outbox.own(1);
  assert.deepEqual(texts(2), ["espera"]);
  outbox.own(9);
  assert.equal(outbox.next, null);
  outbox.own(1);
  assert.equal(outbox.next, null, "somebody else was here");
});

test("what waits for nothing keeps nothing, and a broken store is an empty one", () => {
  outbox.write(2, "espera");
  outbox.remove(outbox.next.id_cliente);
  assert.equal(store.size, 0);
  store.setItem("saldo-vivo:enviar", "{");
  outbox.own(1);
  assert.equal(outbox.next, null);
});

test("it is full at some point", () => {
  for (let n = 0; n < 50; n += 1) {
    assert.equal(outbox.isFull, false);
    outbox.write(2, "x");
  }
  assert.equal(outbox.isFull, true);
});
