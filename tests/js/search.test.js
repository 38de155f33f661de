import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { finds, searchFor } from "../../app/web/static/js/models/search.js";

// The server is held to the same table, in tests/unit/test_search.py.
const cases = JSON.parse(readFileSync(new URL("search_cases.json", import.meta.url), "utf8"));

test("a search finds what the table says", () => {
  for (const { typed, text, cents, found } of cases) {
    const search = searchFor(typed);
    assert.equal(search === null || finds(search, { text, cents }), found, `${typed} in ${text} of ${cents}`);
  }
});
