// @ts-check
/** @import { App } from "../app.js" */

const SIZE = 64;

/**
 * The unread count in the title and on the favicon, for who has the tab in the background.
 * @param {App} app
 */
export function unreadSign({ chat, inbox }) {
  const link = /** @type {HTMLLinkElement} */ (document.querySelector('link[rel="icon"]'));
  const plainHref = link.href;
  const mark = new Image();
  mark.src = plainHref;
  let title = document.title;
  let drawn = 0;
  const update = () => {
    const unread = inbox.unread + chat.model.unread;
    document.title = unread > 0 ? `(${unread}) ${title}` : title;
    if (unread === drawn) return;
    drawn = unread;
    if (unread === 0) link.href = plainHref;
    else mark.decode().then(() => (link.href = badge(mark, unread)), () => undefined);
  };
  inbox.on("change", update);
  chat.model.on("change", update);
  return (/** @type {string} */ screen) => {
    title = screen ? `${screen} · Saldo Vivo` : "Saldo Vivo";
    update();
  };
}

/**
 * @param {HTMLImageElement} mark
 * @param {number} unread
 */
function badge(mark, unread) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.drawImage(mark, 0, 0, SIZE, SIZE);
  pen.fillStyle = "#c2331b";
  pen.beginPath();
  pen.arc(44, 20, 20, 0, 2 * Math.PI);
  pen.fill();
  pen.fillStyle = "#fff";
  pen.font = "bold 28px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(unread > 9 ? "9+" : String(unread), 44, 22);
  return canvas.toDataURL("image/png");
}
