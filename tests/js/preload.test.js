import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const WEB = new URL("../../app/web/", import.meta.url);
const JS = new URL("static/js/", WEB);

/** Every module that is imported at once, from this one on. */
function imported(url, found = new Set()) {
  const source = readFileSync(url, "utf8");
  for (const [, path] of source.matchAll(/^import .*from "(\..*)";$/gm)) {
    const next = new URL(path, url);
    if (found.has(next.href)) continue;
    found.add(next.href);
    imported(next, found);
  }
  return found;
}

test("the page preloads exactly what its start imports", () => {
  const template = readFileSync(new URL("templates/index.html", WEB), "utf8");
  const [list] = template.match(/\["app",.*\]/);
  const needed = [...imported(new URL("main.js", JS))].map((href) => href.slice(JS.href.length, -".js".length));
  assert.deepEqual(JSON.parse(list).sort(), needed.sort());
});
