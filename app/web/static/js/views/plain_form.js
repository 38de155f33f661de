// @ts-check
import { el, fill, icon } from "../lib/dom.js";
import { fieldOf, withoutField } from "../models/credentials.js";
import { showProblems } from "./field.js";
/** @import { ApiError } from "../lib/http.js" */
/** @import { Field } from "./field.js" */

/**
 * Fields, and what is done with them; what is wrong is said in place.
 * @typedef {object} Parts
 * @property {string} testid
 * @property {string} [label] what the form is for, where no heading says it
 * @property {Record<string, Field>} fields
 * @property {string} verb
 * @property {() => Record<string, string>} problems by the names of the fields
 * @property {() => Promise<unknown>} send
 * @property {(error: ApiError) => boolean} [refused] whether it has said by itself what the bank refused
 * @property {(error: ApiError) => string} [about] the field that a refusal is about
 * @property {() => void} [cancel]
 */

/**
 * @param {Parts} parts
 * @param {...(Node | null)} before what stands above the fields
 */
export function plainForm({ testid, label, fields, verb, problems, send, refused, about = ({ code, message }) => fieldOf(code, message), cancel }, ...before) {
  const notice = el("p", { class: "form-notice", role: "alert", "data-testid": `${testid}-aviso` });
  const submit = el("button", { type: "submit", "data-testid": `${testid}-enviar` }, verb);
  const say = (/** @type {ApiError} */ error) => {
    if (refused?.(error)) return;
    const name = about(error);
    if (fields[name]) showProblems(fields, { [name]: withoutField(error.message) });
    else fill(notice, icon("circle-alert"), error.message);
  };
  const submitted = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (showProblems(fields, problems())) return;
    notice.replaceChildren();
    submit.disabled = true;
    submit.setAttribute("aria-busy", "true");
    await send().catch(say);
    submit.disabled = false;
    submit.removeAttribute("aria-busy");
  };
  const close = cancel ? el("button", { type: "button", class: "secondary outline", onclick: cancel, "data-testid": `${testid}-cancelar` }, "Cancelar") : null;
  return el(
    "form",
    { novalidate: true, onsubmit: submitted, "aria-label": label, "data-testid": testid },
    ...before.filter((each) => each !== null),
    ...Object.values(fields).map(({ node }) => node),
    notice,
    close ? el("div", { class: "actions" }, close, submit) : submit,
  );
}
