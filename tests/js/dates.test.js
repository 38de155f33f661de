import assert from "node:assert/strict";
import { test } from "node:test";
import { age, ago, dayEnd, dayKey, dayName, daysBefore, dayStart } from "../../app/web/static/js/models/dates.js";
import { parseRoute } from "../../app/web/static/js/lib/router.js";

const NOW = new Date(2026, 10, 23, 15, 0, 0);

test("days have names near today and dates further off", () => {
  const names = ["2026-11-23", "2026-11-22", "2026-11-01", "2025-12-31"].map((key) => dayName(key, NOW));
  assert.deepEqual(names, ["Hoje", "Ontem", "1 de novembro", "31 de dezembro de 2025"]);
});

test("a day is São Paulo's, whatever the clock of the browser shows, and its start and end are moments", () => {
  const zone = process.env.TZ;
  for (const TZ of ["UTC", "America/Sao_Paulo", "Asia/Tokyo", "Pacific/Honolulu"]) {
    process.env.TZ = TZ;
    assert.equal(dayKey("2026-01-06T02:59:59.999Z"), "2026-01-05", TZ);
    assert.equal(dayKey("2026-01-06T03:00:00Z"), "2026-01-06", TZ);
    assert.equal(dayStart("2026-03-01"), Date.parse("2026-03-01T03:00:00Z"), TZ);
    assert.equal(dayEnd("2026-02-28"), dayStart("2026-03-01"), TZ);
    assert.equal(daysBefore(new Date("2026-11-24T01:00:00Z"), 23), "2026-10-31", TZ);
    assert.equal(dayName("2026-11-23", new Date("2026-11-24T01:00:00Z")), "Hoje", TZ);
  }
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

test("a day had 25 hours, or began at one, while the clock was changed in summer", () => {
  assert.equal(dayEnd("2018-02-17") - dayStart("2018-02-17"), 25 * 3_600_000);
  assert.equal(dayStart("2018-11-04"), Date.parse("2018-11-04T03:00:00Z"));
});

test("how long ago, in words", () => {
  const before = (seconds) => ago(new Date(NOW.getTime() - seconds * 1000), NOW);
  assert.deepEqual([before(5), before(60), before(7200)], ["agora mesmo", "há 1 minuto", "há 2 horas"]);
  assert.match(before(2 * 86400), /^21 de novembro, /);
});

test("the address names a screen", () => {
  assert.deepEqual(parseRoute(""), { name: "inicio", params: [] });
  assert.deepEqual(parseRoute("#/extrato/3"), { name: "extrato", params: ["3"] });
  assert.deepEqual(parseRoute("#/operar/saque"), { name: "operar", params: ["saque"] });
});

test("how old something is, in few words", () => {
  const before = (minutes) => age(new Date(NOW.getTime() - minutes * 60_000), NOW);
  assert.deepEqual([0.5, 5, 59.9, 125, 24 * 60, 72 * 60].map(before), ["menos de 1 min atrás", "5 min atrás", "59 min atrás", "2 h atrás", "1 dia atrás", "3 dias atrás"]);
});
