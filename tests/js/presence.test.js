import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Presence } from "../../app/web/static/js/models/presence.js";
import { SHOWN_MS, TELL_EVERY_MS, Typing } from "../../app/web/static/js/models/typing.js";
import { randomFrom, shuffled } from "./support.js";

const bob = { usuario_id: 2, nome: "Bob" };
const SEEN = "2026-11-23T17:02:00+00:00";
const came = (versao) => ({ ...bob, online: true, versao, visto_em: null });
const went = (versao) => ({ ...bob, online: false, versao, visto_em: SEEN });

let presence;

beforeEach(() => {
  presence = new Presence();
});

test("in whatever order it is told, the newest holds", () => {
  const told = [[() => presence.receive(came(5))], [() => presence.receive(went(6))], [() => presence.load({ usuarios: [bob], vistos: {}, versao: 5 })], [() => presence.load({ usuarios: [], vistos: { 2: SEEN }, versao: 7 })]];
  for (let seed = 1; seed <= 24; seed += 1) {
    presence = new Presence();
    shuffled(told, randomFrom(seed)).forEach(([tell]) => tell());
    assert.equal(presence.isOnline(2), false, `seed ${seed}`);
    assert.match(presence.wordsFor(2), /^visto por último/);
  }
});

test("who is not in a list is not online, unless something newer says so", () => {
  presence.receive(came(5));
  presence.load({ usuarios: [], vistos: {}, versao: 4 });
  assert.equal(presence.isOnline(2), true);
  presence.load({ usuarios: [], vistos: {}, versao: 6 });
  assert.deepEqual([presence.isOnline(2), presence.wordsFor(2), presence.online], [false, "", []]);
});

test("when somebody was last here is said in words", () => {
  presence.receive(went(1));
  const at = (day) => presence.wordsFor(2, new Date(`${day}T18:00:00Z`)).replace(/\d\d:\d\d/, "HH:MM");
  assert.equal(at("2026-11-23"), "visto por último hoje às HH:MM");
  assert.equal(at("2026-11-24"), "visto por último ontem às HH:MM");
  assert.equal(at("2026-11-28"), "visto por último em 23 de novembro às HH:MM");
});

test("writing is told once in a while, and shown for a while after the last word of it", () => {
  let now = 0;
  const timers = new Map();
  const typing = new Typing({ now: () => now, schedule: (run, ms) => timers.set(run, now + ms) && run, cancel: (run) => timers.delete(run) });
  const pass = (ms) => {
    now += ms;
    [...timers].filter(([, at]) => at <= now).forEach(([run]) => run());
  };
  assert.deepEqual([typing.shouldTell(2), typing.shouldTell(2), typing.shouldTell(3)], [true, false, true]);
  pass(TELL_EVERY_MS);
  assert.deepEqual([typing.shouldTell(3), typing.shouldTell(3)], [true, false]);
  typing.hear(2);
  pass(SHOWN_MS - 1);
  typing.hear(2);
  pass(SHOWN_MS - 1);
  assert.equal(typing.is(2), true);
  pass(1);
  assert.equal(typing.is(2), false);
});
