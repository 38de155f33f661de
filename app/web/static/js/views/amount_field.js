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
  const toEnd = () => input.setSelectionRange(input.value.length, input.value.length);
  input.addEventListener("input", () => {
    input.value = formatAmount(typedCents(input.value));
    toEnd();
  });
  input.addEventListener("focus", toEnd);
  input.addEventListener("click", toEnd);
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
