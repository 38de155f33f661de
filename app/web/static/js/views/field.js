// @ts-check
import { el, setText } from "../lib/dom.js";

/**
 * A label, its input, a hint and the place for what is wrong with it.
 * @typedef {{ node: HTMLElement, input: HTMLInputElement | HTMLSelectElement, fail(text: string): void, hint: HTMLElement }} Field
 */

/**
 * @param {string} label
 * @param {HTMLInputElement | HTMLSelectElement} input with an id
 * @param {{ hint?: string, after?: Node, name?: string }} [options]
 * @returns {Field}
 */
export function field(label, input, { hint = "", after, name = input.name } = {}) {
  const hintNode = el("small", { class: "field-hint", id: `${input.id}-dica` }, hint);
  const error = el("p", { class: "field-error", id: `${input.id}-erro`, "data-testid": `erro-${name}` });
  input.setAttribute("aria-describedby", `${hintNode.id} ${error.id}`);
  const node = el(
    "div",
    { class: "field" },
    el("label", { for: input.id }, label),
    after ? el("div", { class: "field-row" }, input, after) : input,
    hintNode,
    error,
  );
  const fail = (/** @type {string} */ text) => {
    setText(error, text);
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  input.addEventListener("input", () => fail(""));
  return { node, input, fail, hint: hintNode };
}

/**
 * Shows each problem beside its field and moves the focus to the first one.
 * @param {Record<string, Field>} fields
 * @param {Record<string, string>} problems
 * @returns {boolean} whether there was any
 */
export function showProblems(fields, problems) {
  Object.entries(fields).forEach(([name, each]) => each.fail(problems[name] ?? ""));
  const first = Object.keys(fields).find((name) => problems[name]);
  if (first) fields[first].input.focus();
  return Object.keys(problems).length > 0;
}

/**
 * What is to be typed next.
 * @param {HTMLElement} node
 */
export function focusFirst(node) {
  const inputs = [...node.querySelectorAll("input")].filter(({ hidden }) => !hidden);
  (inputs.find(({ value }) => value === "") ?? inputs[0])?.focus();
}
