import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, dayKey, dayName, daysBefore, dayStart } from "../../app/web/static/js/models/dates.js";
import { parseRoute } from "../../app/web/static/js/lib/router.js";

const NOW = new Date(2026, 10, 23, 15, 0, 0);

test("days have names near today and dates further off", () => {
  const names = ["2026-11-23", "2026-11-22", "2026-11-01", "2025-12-31"].map((key) => dayName(key, NOW));
  assert.deepEqual(names, ["Hoje", "Ontem", "1 de novembro", "31 de dezembro de 2025"]);
});

test("a day is the local one, and its start a moment", () => {
  assert.equal(dayKey(new Date(2026, 0, 5, 23, 59)), "2026-01-05");
  assert.equal(dayKey(dayStart("2026-03-01")), "2026-03-01");
  assert.equal(dayKey(dayStart("2026-02-28", 1)), "2026-03-01");
  assert.equal(daysBefore(NOW, 23), "2026-10-31");
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
