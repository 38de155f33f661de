// @ts-check
import { el } from "../lib/dom.js";
import { Scope } from "../lib/scope.js";
import { noticeList } from "./notice_list.js";
/** @import { App } from "../app.js" */

/**
 * What the bell holds, as a page: where a push leads that has no receipt.
 * @param {App} app
 */
export function noticesView(app) {
  const scope = new Scope();
  const list = noticeList(app, "h2");
  const update = () => {
    list.update();
    if (app.inbox.hasUnseen) app.inbox.see();
  };
  scope.add(app.inbox.on("change", update));
  scope.eachDay(update);
  const node = el("div", { class: "notices-page" }, el("h1", {}, "Avisos"), el("div", { class: "panel" }, list.node));
  return { node, title: "Avisos", dispose: () => scope.dispose() };
}
