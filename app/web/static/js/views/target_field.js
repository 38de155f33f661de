// @ts-check
import { makeContacts } from "../lib/contacts.js";
import { el, fill } from "../lib/dom.js";
import { choices } from "../models/people.js";
import { field } from "./field.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */

const TYPED = "Digitar o número da conta";

/**
 * Where a transfer goes: an own account or a person who is picked, or a number that is typed. Its `input` has the number
 * either way.
 * @param {App} app
 * @param {{ source: HTMLInputElement | HTMLSelectElement, scope: Scope }} options
 */
export function targetField(app, { source, scope }) {
  const { bank } = app;
  const contacts = app.part(makeContacts);
  const input = el("input", {
    id: "destino",
    name: "destino",
    inputmode: "numeric",
    autocomplete: "off",
    maxlength: 15,
    "data-testid": "op-destino",
  });
  const pick = el("select", { id: "para", name: "para", "data-testid": "op-para" });
  const picked = field("Para", pick);
  const typed = field("Para a conta", input, { hint: "O número da conta de quem recebe." });
  const update = () => {
    const known = choices({ accounts: bank.accounts.list, source: Number(source.value), people: contacts.people });
    const groups = known.map(({ label, options }) =>
      el("optgroup", { label }, ...options.map(({ account, words }) => el("option", { value: account }, words))),
    );
    fill(pick, el("option", { value: "" }, TYPED), ...groups);
    picked.node.hidden = groups.length === 0;
    show();
  };
  /** The number says what is picked, however it came there. Nothing is picked while somebody types. */
  const show = () => {
    const typing = document.activeElement === input;
    const isKnown = !typing && [...pick.options].some(({ value }) => value !== "" && value === input.value);
    pick.value = isKnown ? input.value : "";
    typed.node.hidden = isKnown;
  };
  input.addEventListener("input", () => (input.value = input.value.replace(/[^0-9]/g, "")));
  pick.addEventListener("change", () => {
    input.value = pick.value;
    typed.fail("");
    typed.node.hidden = pick.value !== "";
  });
  source.addEventListener("change", update);
  contacts.need();
  scope.add(bank.on("load", update), contacts.people.on("change", update));
  update();
  const fail = (/** @type {string} */ text) => {
    // What is wrong with a picked account is said where its number is.
    if (text) typed.node.hidden = false;
    typed.fail(text);
  };
  return { node: el("div", {}, picked.node, typed.node), input, hint: typed.hint, fail, show };
}
