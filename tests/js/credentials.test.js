import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { strength } from "../../app/web/static/js/models/credentials.js";

const { known, refused, taken } = JSON.parse(readFileSync(new URL("passwords.json", import.meta.url), "utf8"));

test("the meter calls weak what the bank refuses", () => {
  assert.deepEqual(refused.filter((password) => strength(password, known).level > 1), []);
});

test("the meter does not call weak what the bank takes", () => {
  assert.deepEqual(taken.filter((password) => strength(password, known).level < 2), []);
});

test("more of it is stronger", () => {
  assert.ok(strength("violao-rio", known).level < strength("violao-rio-saudade-42", known).level);
});
