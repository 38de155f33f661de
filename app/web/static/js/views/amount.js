// @ts-check
import { el } from "../lib/dom.js";
import { formatBRL } from "../models/money.js";

const MOVE_MS = 600;
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** @type {WeakMap<HTMLElement, { cents: number, frame: number }>} */
const shown = new WeakMap();

/**
 * A sum of money that moves to its new value; at once when the person wants no movement.
 * @param {HTMLElement} element
 * @param {number} cents
 */
export function setAmount(element, cents) {
  const before = shown.get(element);
  if (before?.cents === cents) return;
  cancelAnimationFrame(before?.frame ?? 0);
  const state = { cents, frame: 0 };
  shown.set(element, state);
  if (before === undefined || still.matches || document.hidden) {
    element.textContent = formatBRL(cents);
    return;
  }
  element.dataset.moved = cents > before.cents ? "up" : "down";
  move(element, before.cents, state);
}

/**
 * @param {HTMLElement} element
 * @param {number} from
 * @param {{ cents: number, frame: number }} state
 */
function move(element, from, state) {
  const start = performance.now();
  const step = (/** @type {number} */ now) => {
    const part = Math.min(1, Math.max(0, (now - start) / MOVE_MS));
    const eased = 1 - (1 - part) ** 3;
    element.textContent = formatBRL(Math.round(from + (state.cents - from) * eased));
    if (part < 1) state.frame = requestAnimationFrame(step);
    else delete element.dataset.moved;
  };
  state.frame = requestAnimationFrame(step);
}

/**
 * @param {number | null} cents null while it is not known
 * @param {import("../lib/dom.js").Props} [props]
 */
export function amount(cents, props = {}) {
  const element = el("span", { ...props, class: `amount ${props.class ?? ""}`.trim() }, "\u00a0");
  if (cents !== null) setAmount(element, cents);
  return element;
}
