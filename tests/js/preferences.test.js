import assert from "node:assert/strict";
import { test } from "node:test";
import { complete, defaults, isQuiet, isShown, kindOf, KINDS, readClock, soundFor, SOUNDS } from "../../app/web/static/js/models/preferences.js";

const at = (clock) => new Date(`2026-11-23T${clock}:00`);
const noon = at("12:00");

test("every kind has a sound, and every kind of operation one of its own", () => {
  const { sons } = defaults();
  assert.deepEqual(Object.keys(sons).sort(), [...KINDS].sort());
  assert.equal(new Set(["deposito", "saque", "transferencia", "pagamento"].map((kind) => sons[kind])).size, 4);
  assert.ok(Object.values(sons).every((sound) => SOUNDS.includes(sound)));
});

test("what the server does not say is as by default", () => {
  assert.deepEqual(complete(null), defaults());
  const mixed = complete({ sons: { saque: "pulso" }, silencio: { ativo: true }, volume: 0 });
  assert.equal(mixed.sons.saque, "pulso");
  assert.equal(mixed.sons.deposito, defaults().sons.deposito);
  assert.deepEqual(mixed.silencio, { ativo: true, inicio: "22:00", fim: "07:00" });
  assert.equal(mixed.volume, 0);
  assert.equal(mixed.bloqueio_min, 15);
  assert.equal(complete({ bloqueio_min: 0 }).bloqueio_min, 0);
});

test("a muted kind, no volume, or no sound is silence", () => {
  assert.equal(soundFor(defaults(), "saque", noon), "gota");
  assert.equal(soundFor({ ...defaults(), mudos: ["saque"] }, "saque", noon), null);
  assert.equal(soundFor({ ...defaults(), volume: 0 }, "saque", noon), null);
  assert.equal(soundFor(complete({ sons: { saque: "nenhum" } }), "saque", noon), null);
});

test("a kind that is not known sounds like a notice", () => {
  assert.equal(kindOf("leilao"), "aviso");
  assert.equal(soundFor(defaults(), "leilao", noon), defaults().sons.aviso);
});

test("a kind that is not wanted is not shown; security always is", () => {
  const chosen = complete({ ocultos: ["saque", "aviso", "seguranca"] });
  assert.deepEqual(["saque", "leilao", "deposito", "seguranca"].map((kind) => isShown(chosen, kind)), [false, false, true, true]);
});

test("quiet hours reach over midnight", () => {
  const night = { ativo: true, inicio: "22:00", fim: "07:00" };
  const quiet = ["21:59", "22:00", "23:30", "00:00", "06:59", "07:00", "12:00"].map((clock) => isQuiet(night, at(clock)));
  assert.deepEqual(quiet, [false, true, true, true, true, false, false]);
});

test("quiet hours within a day, off, or empty", () => {
  const siesta = { ativo: true, inicio: "13:00", fim: "14:00" };
  assert.deepEqual(["12:59", "13:00", "14:00"].map((clock) => isQuiet(siesta, at(clock))), [false, true, false]);
  assert.equal(isQuiet({ ...siesta, ativo: false }, at("13:30")), false);
  assert.equal(isQuiet({ ativo: true, inicio: "08:00", fim: "08:00" }, at("08:00")), false);
  assert.equal(soundFor(complete({ silencio: siesta }), "saque", at("13:30")), null);
});

test("a time of day is read as people type it", () => {
  assert.deepEqual(["22:00", "7:5", "22h30", "2200", "22", " 7h "].map(readClock), ["22:00", "07:05", "22:30", "22:00", "22:00", "07:00"]);
  assert.deepEqual(["", "24:00", "12:60", "noite", "10:00 PM"].map(readClock), [null, null, null, null, null]);
});
