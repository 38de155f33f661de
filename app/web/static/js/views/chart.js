// @ts-check
import { el, setText } from "../lib/dom.js";
import { loadPlot } from "../lib/vendor.js";
import { formatShortDay, formatShortMoment, formatTime } from "../models/dates.js";
import { formatBRL, formatShort } from "../models/money.js";
import { balanceSeries } from "../models/overview.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @typedef {typeof import("uplot")} Plot */

/** @import { Point } from "../models/overview.js" */

const HEIGHT = 180;
/** Below this span the axis shows hours, above it days. */
const HOURS_S_MAX = 2 * 86_400;
/** Seconds between the axis's labels; the first of these with room enough is taken. */
const STEPS_S = [60, 300, 900, 3600, 10_800, 21_600, 43_200, ...[1, 2, 4, 7].map((days) => days * 86_400)];

/**
 * The total over time. Sighted people see the line and read a moment under the pointer;
 * everybody else gets the same in one sentence.
 * @param {App} app
 * @param {Scope} scope
 */
export function balanceChart({ bank, connection }, scope) {
  const box = el("div", { class: "chart-box", "aria-hidden": "true" });
  const reading = el("p", { class: "chart-reading" }, "\u00a0");
  const said = el("p", { class: "sr-only", "data-testid": "grafico-resumo" });
  const head = el("header", { class: "section-head" }, el("h2", { id: "grafico-titulo" }, "Saldo ao longo do tempo"), reading);
  const node = el("section", { class: "panel chart", "aria-labelledby": "grafico-titulo" }, head, said, box);
  /** @type {Plot | null} */
  let Plot = null;
  /** @type {InstanceType<Plot> | null} */
  let plot = null;
  /** @type {Point[]} */
  let points = [];
  const read = (/** @type {number | null | undefined} */ index) => {
    const point = points[index ?? points.length - 1];
    if (point) setText(reading, `${formatShortMoment(new Date(point.at))}: ${formatBRL(point.cents)}`);
  };
  const draw = () => {
    plot?.destroy();
    plot = Plot && points.length > 0 ? new Plot(options(Plot, box, read), data(points), box) : null;
  };
  const update = () => {
    if (!bank.summary) return;
    if (!Plot) fetchPlot();
    points = balanceSeries(bank.summary, { rows: bank.statement.rows, complete: bank.complete }, bank.accounts, new Date());
    setText(said, summary(points));
    read(null);
    if (plot) plot.setData(data(points));
    else draw();
  };
  const resize = new ResizeObserver(() => (plot ? plot.setSize({ width: box.clientWidth, height: HEIGHT }) : draw()));
  let fetching = false;
  /** Without the line that is drawn there is still its sentence: what does not arrive is asked for again, without a word. */
  const fetchPlot = async () => {
    if (Plot || fetching) return;
    fetching = true;
    Plot = await loadPlot().catch(() => null);
    fetching = false;
    if (Plot && !scope.disposed) resize.observe(box);
  };
  fetchPlot();
  scope.add(connection.on("change", ({ state }) => state === "conectado" && fetchPlot()));
  const theme = new MutationObserver(draw);
  theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  scope.listen(matchMedia("(prefers-color-scheme: dark)"), "change", draw);
  scope.add(() => resize.disconnect(), () => theme.disconnect(), () => plot?.destroy());
  return { node, head: null, update };
}

/** @param {Point[]} points */
function data(points) {
  return /** @type {import("uplot").AlignedData} */ ([
    points.map(({ at }) => at / 1000),
    points.map(({ cents }) => cents / 100),
  ]);
}

/** @param {Point[]} points */
function summary(points) {
  const sums = points.map(({ cents }) => cents);
  const first = formatBRL(sums[0]);
  const last = formatBRL(sums[sums.length - 1]);
  const range = `menor ${formatBRL(Math.min(...sums))}, maior ${formatBRL(Math.max(...sums))}`;
  return `Saldo total ao longo do tempo: de ${first} a ${last}; ${range}.`;
}

/**
 * @param {Plot} Plot
 * @param {HTMLElement} box
 * @param {(index: number | null | undefined) => void} read
 * @returns {import("uplot").Options}
 */
function options(Plot, box, read) {
  const style = getComputedStyle(box);
  const color = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  const axis = { stroke: color("--ink-soft"), font: `12px ${style.fontFamily}`, ticks: { show: false } };
  return {
    width: box.clientWidth,
    height: HEIGHT,
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 9, fill: color("--brand") } },
    scales: { y: { range: (_plot, low, high) => padded(low, high) } },
    axes: [
      { ...axis, size: 28, grid: { show: false }, space: 64, incrs: STEPS_S, values: (_plot, ticks) => ticks.map(tickLabel(ticks)) },
      {
        ...axis,
        size: 68,
        grid: { stroke: color("--line"), width: 1 },
        values: (_plot, ticks) => ticks.map((tick) => formatShort(tick * 100)),
      },
    ],
    series: [
      {},
      {
        stroke: color("--brand"),
        width: 2,
        fill: color("--brand-veil"),
        paths: Plot.paths.stepped?.({ align: 1 }),
        points: { show: false },
      },
    ],
    hooks: { setCursor: [(plot) => read(plot.cursor.idx)] },
  };
}

/** @param {number[]} ticks seconds */
function tickLabel(ticks) {
  const format = ticks[ticks.length - 1] - ticks[0] < HOURS_S_MAX ? formatTime : formatShortDay;
  return (/** @type {number} */ seconds) => format(new Date(seconds * 1000));
}

/**
 * Room above and below the line, and some around a line that is flat.
 * @param {number} low
 * @param {number} high
 * @returns {[number, number]}
 */
function padded(low, high) {
  const room = (high - low) * 0.12 || Math.max(Math.abs(high) * 0.1, 10);
  return [Math.min(Math.max(0, low - room), low), high + room];
}
