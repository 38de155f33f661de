// Keeps the shell, so that the page opens without a network. No answer of the bank is ever kept.
const STATIC = {{ (static_url ~ "/") | tojson }};
const CACHE = `shell:${STATIC}`;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.add("/")).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(removeOthers().then(() => self.clients.claim()));
});

// The page says what it loaded before this worker was there to see it.
self.addEventListener("message", ({ data }) => {
  const kept = (data?.keep ?? []).filter((path) => path.startsWith(STATIC));
  caches.open(CACHE).then((cache) => cache.addAll(kept));
});

self.addEventListener("fetch", (event) => {
  const { method, url, mode } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== self.location.origin) return;
  if (pathname.startsWith(STATIC)) event.respondWith(keptFirst(event.request));
  else if (mode === "navigate" && pathname === "/") event.respondWith(networkFirst(event.request));
});

async function removeOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
}

async function keptFirst(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request, { ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

async function networkFirst(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match("/")) ?? Response.error();
  }
}
