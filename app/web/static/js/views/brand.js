// @ts-check
import { el } from "../lib/dom.js";

const mark = new URL("../../icons/mark.svg", import.meta.url).pathname;

/** The sign and the name. */
export function brand() {
  return el(
    "span",
    { class: "brand" },
    el("img", { src: mark, alt: "", width: 32, height: 32 }),
    el("span", { class: "brand-name" }, "Saldo ", el("b", {}, "Vivo")),
  );
}
