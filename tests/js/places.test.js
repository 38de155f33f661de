import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Places } from "../../app/web/static/js/models/places.js";
import { MemoryStore } from "./support.js";

let store, places;

beforeEach(() => {
  store = new MemoryStore();
  places = new Places(store);
  places.own(7);
});

test("what was left on a page is found there again, also after a reload", () => {
  places.at("a").keep("filtros", { tipo: "credito" });
  places.at("a").keep("rolagem", 300);
  places.at("b").keep("rolagem", 5);
  const reloaded = new Places(store);
  assert.equal(reloaded.own(7), true);
  assert.deepEqual(reloaded.at("a").kept("filtros"), { tipo: "credito" });
  assert.equal(reloaded.at("a").kept("rolagem"), 300);
  assert.equal(reloaded.at("c").kept("rolagem"), null);
});

test("nobody finds what somebody else left", () => {
  places.at("a").keep("campos", { valor: "50" });
  assert.equal(places.own(8), false);
  assert.equal(places.at("a").kept("campos"), null);
  assert.equal(places.own(7), false);
  assert.equal(places.at("a").kept("campos"), null);
});

test("who leaves by themselves leaves nothing", () => {
  places.at("a").keep("campos", { valor: "50" });
  places.clear();
  assert.equal(places.own(7), true);
  assert.equal(places.at("a").kept("campos"), null);
});

test("some things are found once", () => {
  const page = places.at("a");
  page.keep("problemas", { valor: "x" });
  assert.deepEqual(page.take("problemas"), { valor: "x" });
  assert.equal(page.take("problemas"), null);
});

test("what was done is left nowhere, and what was not is", () => {
  places.at("form").keep("campos", { valor: "50" });
  places.at("check").keep("rascunho", { kind: "saque", cents: 5000 });
  places.at("check").keep("formulario", "form");
  places.at("other").keep("rascunho", { kind: "saque", cents: 7000 });
  places.settle(({ cents }) => cents === 5000);
  assert.equal(places.at("form").kept("campos"), null);
  assert.equal(places.at("check").kept("rascunho"), null);
  assert.equal(places.at("other").kept("rascunho").cents, 7000);
});

test("it keeps a bounded number of pages, the newest", () => {
  for (let i = 0; i < 500; i += 1) places.at(`p${i}`).keep("rolagem", i);
  assert.equal(places.at("p499").kept("rolagem"), 499);
  assert.equal(places.at("p0").kept("rolagem"), null);
  assert.ok(Object.keys(places.read().places).length <= 50);
});

test("a broken store is an empty one", () => {
  store.setItem("saldo-vivo:lugares", "{");
  assert.equal(places.at("a").kept("x"), null);
  places.at("a").keep("x", 1);
  assert.equal(places.at("a").kept("x"), 1);
});
