// @ts-check
import { el, fill, icon, setText } from "../lib/dom.js";
import { styled } from "../lib/stylesheets.js";
import { clearToasts } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { Scope } from "../lib/scope.js" */

/**
 * The bell and, under it, everything that was told. Opening it makes what came seen; it is read
 * once it was opened or marked itself, or all were marked.
 * @param {App} app
 * @param {Scope} scope
 */
export function notificationsView(app, scope) {
  const count = el("span", { class: "bell-count", "data-testid": "sino-contador", hidden: true });
  const label = el("span", { class: "sr-only" }, "Avisos");
  const bell = el(
    "button",
    { type: "button", class: "bell ghost", "aria-expanded": "false", "aria-controls": "painel-avisos", "data-testid": "sino" },
    icon("bell"),
    count,
    label,
  );
  const panel = makePanel(app);
  const toggle = (/** @type {boolean} */ open) => {
    if (open === !panel.node.hidden) return;
    panel.node.hidden = !open;
    bell.setAttribute("aria-expanded", String(open));
    if (!open) return panel.empty();
    clearToasts();
    panel.fill();
    app.inbox.see();
    panel.node.focus();
  };
  const update = () => {
    const { unread, hasUnseen } = app.inbox;
    count.hidden = unread === 0;
    setText(count, unread > 99 ? "99+" : String(unread));
    setText(label, unread === 0 ? "Avisos" : `Avisos, ${unread} não lidos`);
    bell.classList.toggle("has-unseen", hasUnseen && panel.node.hidden !== false);
    panel.update();
  };
  bell.addEventListener("click", () => toggle(panel.node.hidden !== false));
  panel.close.addEventListener("click", () => leave());
  const leave = () => {
    toggle(false);
    bell.focus();
  };
  scope.listen(document, "keydown", (event) => event.key === "Escape" && !panel.node.hidden && leave());
  scope.listen(document, "pointerdown", ({ target }) => !node.contains(target) && toggle(false));
  scope.listen(window, "hashchange", () => toggle(false));
  scope.add(app.inbox.on("change", update));
  const node = el("div", { class: "bell-box" }, bell, panel.node);
  update();
  return node;
}

/**
 * The list comes when the panel is opened for the first time, and begins without filters each time.
 * @param {App} app
 */
function makePanel(app) {
  const close = el("button", { type: "button", class: "ghost", "aria-label": "Fechar avisos" }, icon("x"));
  const place = el("div");
  const node = el(
    "section",
    { class: "notices-panel", id: "painel-avisos", "aria-label": "Avisos", tabindex: "-1", hidden: true, "data-testid": "painel-avisos" },
    el("header", { class: "section-head" }, el("h2", {}, "Avisos"), el("a", { href: "#/avisos", "data-testid": "avisos-pagina" }, "Ver em página"), close),
    place,
  );
  /** @type {{ node: Node, update: () => void } | null} */
  let list = null;
  return {
    node,
    close,
    async fill() {
      const { noticeList } = await styled(["notices"], () => import("./notice_list.js"));
      if (node.hidden) return;
      list = noticeList(app, "h3");
      fill(place, list.node);
    },
    empty() {
      list = null;
      fill(place);
    },
    update: () => list?.update(),
  };
}
