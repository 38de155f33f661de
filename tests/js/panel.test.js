import assert from "node:assert/strict";
import { test } from "node:test";
import { jobFacts, nodeFacts, stateOf, totals } from "../../app/web/static/js/models/panel.js";

const NODE = { nome: "web1", ausente: false, drenando: false, sockets: 40, usuarios: 30, sessoes: 95, sessoes_max: 100, cpu_percentual: 12.5, eventos: 3.25, do_banco: 0, requisicoes: 7, falhas: 1, aberturas: 0, recusadas: 0, limitados: 0, lentos: 0, fila: 0, p50_ms: 4, p99_ms: 1500, canario_s: 0.4 };
const WORKER = { nome: "worker1", ausente: false, cpu_percentual: 1, na_fila: 12, mais_antigo_s: 9, publicados: 2, p99_ms: null, postos_de_lado: 0, falhas: 0 };
const panel = (changed = {}) => ({ por_segundo: true, nos: [NODE], workers: [WORKER], tarefas: [], ...changed });

const values = (facts) => Object.fromEntries(facts.map(({ words, value }) => [words, value]));
const bad = (facts) => facts.filter((fact) => fact.bad).map(({ words }) => words);

test("the sums leave out who has gone, and say that somebody has", () => {
  const gone = { ...NODE, nome: "web2", ausente: true, sockets: 1000 };
  const facts = totals(panel({ nos: [NODE, gone] }));
  assert.equal(values(facts).Sockets, "40");
  assert.deepEqual(bad(facts), ["Nós", "Atraso p99, o pior", "Fila de saída"]);
});

test("what counts since the start is not shown as what happens now", () => {
  const first = panel({ por_segundo: false });
  assert.equal(values(totals(first))["Requisições"], "–");
  assert.equal(values(nodeFacts(NODE, first))["Respostas 5xx"], "–");
  assert.equal(values(nodeFacts(NODE, panel()))["Respostas 5xx"], "1/s");
});

test("what is not as it should be stands out", () => {
  assert.deepEqual(bad(nodeFacts(NODE, panel())), ["Ocupação", "Atraso p99", "Respostas 5xx"]);
  const jobs = [
    { nome: "push", ok: true, atraso_s: 0 },
    { nome: "mails", ok: false, atraso_s: 0 },
    { nome: "conciliar", ok: true, atraso_s: 301 },
  ];
  assert.deepEqual(bad(jobFacts(panel({ tarefas: jobs }))), ["mails", "conciliar"]);
});

test("a process that has gone is not said to drain", () => {
  assert.equal(stateOf({ ausente: true, drenando: true }), "sem notícias");
  assert.equal(stateOf({ ausente: false, drenando: true }), "drenando");
  assert.equal(stateOf({ ausente: false }), "");
});
