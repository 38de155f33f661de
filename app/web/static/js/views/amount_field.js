// @ts-check
import { el } from "../lib/dom.js";
import { formatAmount, typedCents } from "../models/money.js";
import { field } from "./field.js";

/** An amount that types like a card terminal: digits push in from the right. */
export function amountField() {
  const input = el("input", {
    id: "valor",
    name: "valor",
    class: "amount-input",
    inputmode: "numeric",
    autocomplete: "off",
    enterkeyhint: "next",
    value: "0,00",
    "data-testid": "op-valor",
  });
  const show = (/** @type {number} */ cents) => {
    input.value = formatAmount(cents);
    input.setSelectionRange(input.value.length, input.value.length);
  };
  input.addEventListener("beforeinput", (event) => {
    const next = typed(input, event);
    if (next === null) return;
    event.preventDefault();
    show(next);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  input.addEventListener("input", () => show(typedCents(input.value)));
  const made = field("Valor", input);
  made.node.classList.add("amount-field");
  made.node.dataset.currency = "R$";
  return {
    ...made,
    get cents() {
      return typedCents(input.value);
    },
    set cents(cents) {
      input.value = formatAmount(cents);
    },
  };
}

/**
 * What a key makes of the amount, wherever the caret stands; null for anything but a key, such as
 * pasted text, which is read as it is.
 * @param {HTMLInputElement} input
 * @param {InputEvent} event
 */
function typed(input, { inputType, data }) {
  const all = input.selectionStart === 0 && input.selectionEnd === input.value.length;
  const before = all ? "" : input.value;
  if (inputType === "insertText") return typedCents(before + data);
  if (inputType === "deleteContentBackward") return Math.floor(typedCents(before) / 10);
  return null;
}
