// @ts-check
/** @import { Panel, PanelNode, PanelWorker } from "../types/wire.js" */

/** The bank tells every two seconds; after so long without a word what is shown is old. */
export const STALE_MS = 8000;

/** Where it is worth a look. */
const LAG_MS = 1000;
const CANARY_S = 5;
const OUTBOX_S = 5;
const FULL_PERCENT = 90;
const OVERDUE_S = 300;

const NUMBER = new Intl.NumberFormat("pt-BR", { maximumFractionDigits: 1 });

/** @typedef {{ words: string, value: string, bad?: boolean }} Fact */

const sum = (/** @type {number[]} */ values) => values.reduce((all, value) => all + value, 0);
const worst = (/** @type {(number | null)[]} */ values) => values.reduce((max, value) => (value !== null && (max === null || value > max) ? value : max), /** @type {number | null} */ (null));
const ms = (/** @type {number | null} */ value) => (value === null ? "–" : `${NUMBER.format(value)} ms`);
const percent = (/** @type {number | null} */ value) => (value === null ? "–" : `${NUMBER.format(value)} %`);

/**
 * Counts before the second look are of all time, which says nothing of now.
 * @param {Panel} panel
 */
const rateOf = ({ por_segundo: live }) => (/** @type {number} */ value) => (live ? `${NUMBER.format(value)}/s` : "–");

/**
 * The whole cluster in a few figures.
 * @param {Panel} panel
 * @returns {Fact[]}
 */
export function totals(panel) {
  const rate = rateOf(panel);
  const nodes = panel.nos.filter(({ ausente }) => !ausente);
  const workers = panel.workers.filter(({ ausente }) => !ausente);
  const p99 = worst(nodes.map((node) => node.p99_ms));
  const oldest = worst(workers.map((worker) => worker.mais_antigo_s)) ?? 0;
  return [
    { words: "Nós", value: NUMBER.format(nodes.length), bad: nodes.length < panel.nos.length },
    { words: "Sockets", value: NUMBER.format(sum(nodes.map((node) => node.sockets))) },
    { words: "Usuários, por nó", value: NUMBER.format(sum(nodes.map((node) => node.usuarios))) },
    { words: "Eventos entregues", value: rate(sum(nodes.map((node) => node.eventos))) },
    { words: "Requisições", value: rate(sum(nodes.map((node) => node.requisicoes))) },
    { words: "Atraso p99, o pior", value: ms(p99), bad: (p99 ?? 0) > LAG_MS },
    { words: "Fila de saída", value: NUMBER.format(worst(workers.map((worker) => worker.na_fila)) ?? 0), bad: oldest > OUTBOX_S },
  ];
}

/**
 * How full a node is, of a hundred.
 * @param {PanelNode} node
 */
export const fullness = ({ sessoes, sessoes_max: most }) => (most > 0 ? Math.min(100, (100 * sessoes) / most) : 0);

/**
 * @param {PanelNode} node
 * @param {Panel} panel
 * @returns {Fact[]}
 */
export function nodeFacts(node, panel) {
  const rate = rateOf(panel);
  const live = panel.por_segundo;
  return [
    { words: "Sockets", value: NUMBER.format(node.sockets) },
    { words: "Usuários", value: NUMBER.format(node.usuarios) },
    { words: "Ocupação", value: percent(fullness(node)), bad: fullness(node) > FULL_PERCENT },
    { words: "CPU", value: percent(node.cpu_percentual) },
    { words: "Eventos", value: rate(node.eventos) },
    { words: "Lidos do banco", value: rate(node.do_banco) },
    { words: "Atraso p50", value: ms(node.p50_ms), bad: (node.p50_ms ?? 0) > LAG_MS },
    { words: "Atraso p99", value: ms(node.p99_ms), bad: (node.p99_ms ?? 0) > LAG_MS },
    { words: "Requisições", value: rate(node.requisicoes) },
    { words: "Respostas 5xx", value: rate(node.falhas), bad: live && node.falhas > 0 },
    { words: "À espera", value: NUMBER.format(node.fila) },
    { words: "Sessões novas", value: rate(node.aberturas) },
    { words: "Sessões recusadas", value: rate(node.recusadas), bad: live && node.recusadas > 0 },
    { words: "Além do limite", value: rate(node.limitados) },
    { words: "Lentos encerrados", value: rate(node.lentos) },
    { words: "Canário", value: `${NUMBER.format(node.canario_s)} s`, bad: node.canario_s > CANARY_S },
  ];
}

/**
 * @param {PanelWorker} worker
 * @param {Panel} panel
 * @returns {Fact[]}
 */
export function workerFacts(worker, panel) {
  const rate = rateOf(panel);
  return [
    { words: "Na fila", value: NUMBER.format(worker.na_fila) },
    { words: "O mais antigo", value: `${NUMBER.format(worker.mais_antigo_s)} s`, bad: worker.mais_antigo_s > OUTBOX_S },
    { words: "Publicados", value: rate(worker.publicados) },
    { words: "Atraso p99", value: ms(worker.p99_ms), bad: (worker.p99_ms ?? 0) > LAG_MS },
    { words: "Postos de lado", value: NUMBER.format(worker.postos_de_lado), bad: worker.postos_de_lado > 0 },
    { words: "Falhas de laços", value: rate(worker.falhas), bad: panel.por_segundo && worker.falhas > 0 },
    { words: "CPU", value: percent(worker.cpu_percentual) },
  ];
}

/**
 * @param {Panel} panel
 * @returns {Fact[]}
 */
export function jobFacts({ tarefas }) {
  return tarefas.map(({ nome, ok, atraso_s: late }) => ({
    words: nome,
    value: !ok ? "falhou" : late > OVERDUE_S ? `atrasada ${NUMBER.format(late)} s` : "em dia",
    bad: !ok || late > OVERDUE_S,
  }));
}

/**
 * What a process is, in a word; empty when there is nothing to say.
 * @param {{ ausente: boolean, drenando?: boolean }} process
 */
export const stateOf = ({ ausente, drenando = false }) => (ausente ? "sem notícias" : drenando ? "drenando" : "");
