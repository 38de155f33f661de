// @ts-check
import { el } from "../lib/dom.js";
import { readCode } from "../models/code.js";
import { field } from "./field.js";

/** As long as the bank reads. */
const TYPED_CHARS_MAX = 40;
export const NO_CODE = "Digite o código.";

/**
 * A one-time code. Some have letters, so the keyboard is not one of digits.
 * @param {{ id: string, testid: string, name?: string, label?: string, hint?: string }} options
 */
export function codeField({ id, testid, name = "codigo", label = "Código", hint = "Do aplicativo de códigos, ou um código de recuperação." }) {
  const input = el("input", {
    id,
    name,
    class: "code-input",
    autocomplete: "one-time-code",
    autocapitalize: "characters",
    spellcheck: "false",
    maxlength: TYPED_CHARS_MAX,
    required: true,
    "data-testid": testid,
  });
  return {
    ...field(label, input, { hint }),
    input,
    get code() {
      return readCode(input.value);
    },
  };
}
