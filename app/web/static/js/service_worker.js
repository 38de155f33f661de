// @ts-check
/**
 * Keeps the shell of the page, so that it opens without a network; never an answer of the bank. Shows what is pushed
 * while no page is open.
 * Served at /service-worker.js, so that it may look after the whole site.
 */

const worker = /** @type {any} */ (globalThis);
const SHELL = "saldo-vivo-shell";
const PAGE = "/";
/** Whatever version of the page is the current one. */
const ICON = "/static/push/icons/mark-192.png";

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(refreshPage().then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("message", (/** @type {any} */ event) => {
  if (Array.isArray(event.data?.keep)) event.waitUntil(keep(event.data.keep));
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { method, url, mode } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== worker.location.origin) return;
  if (mode === "navigate" && pathname === PAGE) event.respondWith(newestPage());
  else if (pathname.startsWith("/static/")) event.respondWith(keptOrFetched(event.request));
});

async function refreshPage() {
  const cache = await caches.open(SHELL);
  await cache.add(new Request(PAGE, { cache: "reload" }));
}

/** The network's page while there is a network: it names the current files. */
async function newestPage() {
  const cache = await caches.open(SHELL);
  try {
    const answer = await fetch(PAGE, { cache: "no-store" });
    if (answer.ok) await cache.put(PAGE, answer.clone());
    return answer;
  } catch (offline) {
    const kept = await cache.match(PAGE);
    if (kept) return kept;
    throw offline;
  }
}

/**
 * A file's address changes with its content, so a kept one is never stale.
 * @param {Request} request
 */
async function keptOrFetched(request) {
  const cache = await caches.open(SHELL);
  return (await cache.match(request)) ?? fetch(request);
}

/**
 * Exactly these files stay, with the page.
 * @param {string[]} paths
 */
async function keep(paths) {
  const cache = await caches.open(SHELL);
  const wanted = new Set(paths.filter((path) => path.startsWith("/static/")));
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url);
    if (pathname !== PAGE && !wanted.delete(pathname)) await cache.delete(request);
  }
  await cache.addAll([...wanted]);
}

worker.addEventListener("push", (/** @type {any} */ event) => event.waitUntil(show(event.data)));

worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.caminho));
});

/**
 * One of the same id takes the place of the one before: what is pushed twice is seen once.
 * @param {any} pushed
 */
async function show(pushed) {
  const { titulo = "Saldo Vivo", texto = "Há uma novidade na sua conta.", caminho = PAGE, id = "aviso" } = readPushed(pushed);
  await worker.registration.showNotification(titulo, { body: texto, tag: id, icon: ICON, badge: ICON, lang: "pt-BR", data: { caminho } });
}

/** @param {any} pushed */
function readPushed(pushed) {
  try {
    return pushed.json() ?? {};
  } catch {
    return {};
  }
}

/**
 * In a page that is there, or in a new one; never another site.
 * @param {unknown} path
 */
async function open(path) {
  const hash = typeof path === "string" && path.startsWith("/#/") ? path.slice(1) : "#/";
  const [page] = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (!page) return worker.clients.openWindow(`/${hash}`);
  page.postMessage({ abrir: hash });
  return page.focus();
}
