// @ts-check
import { el, setText } from "../lib/dom.js";
import { beginCents, formatAmount, formatBRL, pushDigit, readAmount } from "../models/money.js";
import { field } from "./field.js";

/**
 * An amount that types like a card terminal while digits are typed at its end, and is a text field
 * like any other in everything else. What it cannot read stays, with the reason beside it.
 */
export function amountField(label = "Valor") {
  const input = el("input", {
    id: "valor",
    name: "valor",
    class: "amount-input",
    inputmode: "decimal",
    autocomplete: "off",
    enterkeyhint: "next",
    placeholder: "0,00",
    "data-testid": "op-valor",
  });
  const made = field(label, input);
  /** What this field wrote last while digits were typed, and nobody touched since. */
  let pushed = "";
  let writing = false;
  /** Through the browser's own editing, so that undo takes it back. */
  const write = (/** @type {string} */ text) => {
    writing = true;
    input.select();
    document.execCommand("insertText", false, text);
    writing = false;
  };
  const say = () => {
    const { cents, problem } = readAmount(input.value);
    made.fail(problem);
    setText(made.hint, cents > 0 && input.value !== formatAmount(cents) ? formatBRL(cents) : "");
  };
  input.addEventListener("beforeinput", (event) => {
    if (writing || event.isComposing) return;
    const text = replaced(input, event, pushed);
    if (text === null) return;
    event.preventDefault();
    write(text);
    pushed = event.inputType === "insertText" && /\d$/.test(event.data ?? "") ? input.value : "";
  });
  let before = "";
  input.addEventListener("compositionstart", () => (before = input.value));
  // Keyboards of telephones compose digits too; those cannot be prevented, only put right.
  input.addEventListener("compositionend", () => {
    const typed = input.value.startsWith(before) ? input.value.slice(before.length) : "";
    if (!/^\d+$/.test(typed)) return;
    const text = [...typed].reduce((known, digit) => pushDigit(known, digit) ?? known + digit, before);
    if (text !== input.value) write(text);
  });
  input.addEventListener("input", say);
  made.node.classList.add("amount-field");
  made.node.dataset.currency = "R$";
  return {
    ...made,
    get cents() {
      return readAmount(input.value).cents;
    },
    get problem() {
      return readAmount(input.value).problem;
    },
    /** @param {string} text what stood there before */
    restore(text) {
      input.value = text;
      say();
    },
  };
}

/**
 * What stands in the field after this input, where that is not what the browser would make of it.
 * @param {HTMLInputElement} input
 * @param {InputEvent} event
 * @param {string} pushed
 */
function replaced({ value, selectionStart, selectionEnd }, { inputType, data }, pushed) {
  if (data === null || selectionStart === null || selectionEnd === null) return null;
  const all = selectionStart === 0 && selectionEnd === value.length;
  const atEnd = all || selectionStart === value.length;
  const text = all ? "" : value;
  if (inputType === "insertText" && data.length === 1) {
    if (!atEnd) return null;
    if (/^[0-9]$/.test(data)) return pushDigit(text, data);
    return /^[.,]$/.test(data) && text !== "" && text === pushed ? beginCents(text, data) : null;
  }
  const { cents, problem } = readAmount(value.slice(0, selectionStart) + data + value.slice(selectionEnd));
  return problem === "" && cents > 0 ? formatAmount(cents) : null;
}
