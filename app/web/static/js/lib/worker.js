// @ts-check
import { loadPlot } from "./vendor.js";

/** The screens that come when they are asked for; without a network they must be here already. */
const SCREENS = ["arrival", "shell", "operation", "statement", "receipt", "preferences", "new_account", "people", "person", "conversations", "notices_page"];

/**
 * Lets a service worker keep the shell, where the server offers one and the browser allows it.
 * Its address is the only one that this page's trusted-types policy lets through.
 */
export async function keepShell() {
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
  await Promise.all([loadPlot(), ...SCREENS.map((name) => import(`../views/${name}.js`))]);
  const loaded = performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname);
  active?.postMessage({ keep: [...new Set(loaded)] });
}
