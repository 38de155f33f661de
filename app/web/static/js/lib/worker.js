// @ts-check

/**
 * Lets a service worker keep the shell, where the server offers one and the browser allows it.
 * Its address is the only one that this page's trusted-types policy lets through.
 * @param {() => Promise<unknown>} loadAll brings what comes when it is asked for: without a network it must be here already
 */
export async function keepShell(loadAll) {
  const path = document.documentElement.dataset.worker;
  if (!path || !("serviceWorker" in navigator)) return;
  const types = /** @type {any} */ (globalThis).trustedTypes;
  const policy = types?.createPolicy("saldo-vivo", {
    createScriptURL: (/** @type {string} */ url) => {
      if (url !== path) throw new TypeError(`not the worker: ${url}`);
      return url;
    },
  });
  await navigator.serviceWorker.register(policy ? policy.createScriptURL(path) : path);
  const { active } = await navigator.serviceWorker.ready;
  await loadAll();
  const loaded = performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname);
  active?.postMessage({ keep: [...new Set(loaded)] });
}
