import assert from "node:assert/strict";
import { test } from "node:test";
import { Agenda } from "../../app/web/static/js/lib/agenda.js";
import { makeSchedule } from "../../app/web/static/js/lib/schedules.js";
import { balanceOn, businessDay, daysOf, monthsAfter, shortages, weeksOf } from "../../app/web/static/js/models/agenda.js";
import { problemsOf } from "../../app/web/static/js/models/operation.js";
import { Accounts } from "../../app/web/static/js/models/accounts.js";
import { Places } from "../../app/web/static/js/models/places.js";
import { datesOf, repeatWords, titleOf, whenProblems } from "../../app/web/static/js/models/schedule.js";
import { MemoryStore } from "./support.js";

const NOW = new Date("2026-12-01T12:00:00Z");
const one = (id, valor, short = false) => ({ agendamento_id: id, valor, sem_fundos: short });
const on = (data, saldo, ...agendamentos) => ({ data, saldo, sem_fundos: agendamentos.some(({ sem_fundos }) => sem_fundos), agendamentos });
const PROJECTION = {
  de: "2026-12-01",
  ate: "2027-01-30",
  contas: [
    { CorrentistaID: 1, saldo: 1000, datas: [on("2026-12-24", 400, one(7, -600)), on("2026-12-28", 400, one(8, -500, true))] },
    { CorrentistaID: 2, saldo: 50, datas: [on("2026-12-24", 650, one(7, 600))] },
  ],
  feriados: [{ data: "2026-12-25", nome: "Natal" }],
};
const when = (values) => ({ day: "2026-12-24", recurrence: "unica", until: "", ...values });

test("a month is whole weeks from Sunday to Saturday", () => {
  const weeks = weeksOf("2026-12");
  assert.deepEqual(weeks[0], [null, null, "2026-12-01", "2026-12-02", "2026-12-03", "2026-12-04", "2026-12-05"]);
  assert.deepEqual(weeks.at(-1), ["2026-12-27", "2026-12-28", "2026-12-29", "2026-12-30", "2026-12-31", null, null]);
  assert.equal(weeksOf("2028-02").flat().filter(Boolean).length, 29);
});

test("the month after December is of the next year, and back", () => {
  assert.deepEqual([monthsAfter("2026-12", 1), monthsAfter("2027-01", -1)], ["2027-01", "2026-12"]);
});

test("a day tells what is planned on it, and what the accounts hold together after it", () => {
  const all = daysOf(PROJECTION, null);
  assert.deepEqual([...all.keys()], ["2026-12-24", "2026-12-28"]);
  assert.deepEqual([all.get("2026-12-24").balanceCents, all.get("2026-12-24").short], [1050_00, false]);
  assert.deepEqual([all.get("2026-12-28").balanceCents, all.get("2026-12-28").short], [1050_00, true]);
  assert.deepEqual([...daysOf(PROJECTION, 2).values()].map(({ planned }) => planned), [[{ id: 7, account: 2, cents: 600_00, short: false }]]);
});

test("what an account will hold is known from today to the end of the projection", () => {
  const at = (day) => balanceOn(PROJECTION, 1, day);
  assert.deepEqual(["2026-12-01", "2026-12-24", "2027-01-30", "2027-01-31"].map(at), [1000_00, 400_00, 400_00, null]);
  assert.equal(balanceOn(PROJECTION, 9, "2026-12-24"), null);
});

test("a holiday and a weekend are put off to the next day on which banks work", () => {
  assert.equal(businessDay(PROJECTION, "2026-12-25"), "2026-12-28");
  assert.equal(businessDay(PROJECTION, "2026-12-24"), "2026-12-24");
});

test("a schedule that lacks funds is told once, with its first day", () => {
  const weekly = { ...PROJECTION, contas: [{ CorrentistaID: 1, saldo: 0, datas: ["2026-12-24", "2026-12-31"].map((day) => on(day, 0, one(8, -5, true))) }] };
  assert.deepEqual(shortages(weekly, [{ id: 8 }]).map(({ day, schedule }) => [day, schedule.id]), [["2026-12-24", 8]]);
});

test("a date that the bank would refuse is said beside its field", () => {
  const wrong = (values) => Object.keys(whenProblems(when(values), NOW));
  assert.deepEqual(wrong({}), []);
  assert.deepEqual(wrong({ day: "2026-12-01" }), []);
  assert.deepEqual(wrong({ day: "" }), ["data"]);
  assert.deepEqual(wrong({ day: "2026-11-30" }), ["data"]);
  assert.deepEqual([wrong({ day: "2028-12-01" }), wrong({ day: "2028-12-02" })], [[], ["data"]]);
  assert.deepEqual(wrong({ until: "2026-12-01" }), []);
  assert.deepEqual(wrong({ recurrence: "mensal", until: "2026-12-01" }), ["ate"]);
});

test("for a day to come the balance of now says nothing", () => {
  const accounts = new Accounts();
  accounts.replace([{ CorrentistaID: 1, NomeCorrentista: "A", Saldo: 1, versao: 1 }]);
  const draft = { kind: "pagamento", account: 1, cents: 500, description: "Luz", target: null };
  assert.deepEqual(Object.keys(problemsOf({ ...draft, when: when({}) }, accounts)), []);
  assert.deepEqual(Object.keys(problemsOf(draft, accounts)), ["valor"]);
});

test("how often it comes is said in words, and an end only where it repeats", () => {
  assert.equal(repeatWords(when({})), "Uma vez");
  assert.equal(repeatWords(when({ recurrence: "semanal" })), "Toda semana, quinta-feira");
  assert.match(repeatWords(when({ recurrence: "mensal", until: "2099-06-30" })), /^Todo mês, dia 24, até 30 de junho de 2099$/);
  assert.deepEqual(datesOf(when({ until: "2099-06-30" })), { data: "2026-12-24", recorrencia: "unica", ate: null });
  assert.equal(titleOf({ tipo: "transferencia", descricao: "", correntista_id_destino: 3 }), "Transferência para a conta 3");
});

test("a schedule that got no answer is asked for again under the same key", async () => {
  const places = new Places(new MemoryStore());
  const here = places.at("a");
  const draft = { kind: "pagamento", account: 1, cents: 500, description: "Luz", target: null, when: when({}) };
  here.keep("rascunho", draft);
  const asked = [];
  const http = {
    post: async (path, body, headers) => {
      asked.push([path, body.data, headers["Idempotency-Key"]]);
      if (asked.length === 1) throw new Error("no answer");
      return { id: 1 };
    },
  };
  const keys = ["k1", "k2"];
  const make = () => makeSchedule({ http, places }, draft, { here, newKey: () => keys.shift() });
  await assert.rejects(make());
  await make();
  assert.deepEqual(asked, Array(2).fill(["/agendamentos", "2026-12-24", "k1"]));
  assert.equal(here.kept("rascunho"), null);
});

test("an answer that a newer one has overtaken is passed over, and a failure keeps what is shown", async () => {
  const answers = [];
  const agenda = new Agenda({ get: (path) => new Promise((resolve, reject) => answers.push({ path, resolve, reject })) });
  const [old, fresh] = [agenda.load(), agenda.load()];
  answers.slice(2).forEach(({ resolve }, index) => resolve(index ? PROJECTION : [{ id: 2, estado: "ativo" }]));
  await fresh;
  answers.slice(0, 2).forEach(({ resolve }) => resolve([{ id: 1, estado: "ativo" }]));
  await old;
  assert.deepEqual([agenda.find(1), agenda.find(2)?.id, agenda.in("ativo").length], [null, 2, 1]);
  const failing = agenda.load();
  answers.at(-2).reject(new Error("fora do ar"));
  await failing;
  assert.deepEqual([agenda.failed, agenda.find(2)?.id], ["fora do ar", 2]);
});
