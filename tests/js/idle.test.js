import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Idle } from "../../app/web/static/js/models/idle.js";
import { MemoryStore } from "./support.js";

const MINUTE_MS = 60_000;

let now, store, timers, locked;

/** A tab of this browser, with a clock and timers that the test moves. */
function tab() {
  return new Idle(store, {
    idle: (minutes) => locked.push(minutes),
    now: () => now,
    schedule: (run, ms) => {
      const timer = { run, at: now + ms };
      timers.add(timer);
      return timer;
    },
    cancel: (timer) => timers.delete(timer),
  });
}

function pass(minutes) {
  const end = now + minutes * MINUTE_MS;
  for (;;) {
    const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
    if (!next) break;
    now = Math.max(now, next.at);
    timers.delete(next);
    next.run();
  }
  now = end;
}

beforeEach(() => {
  now = 1_000_000_000;
  store = new MemoryStore();
  timers = new Set();
  locked = [];
});

test("after fifteen minutes without a touch it locks, once", () => {
  tab().start();
  pass(14.9);
  assert.deepEqual(locked, []);
  pass(60);
  assert.deepEqual(locked, [15]);
});

test("a touch starts the time anew", () => {
  const page = tab();
  page.start();
  for (let i = 0; i < 5; i += 1) {
    pass(10);
    page.touch();
  }
  assert.deepEqual(locked, []);
  pass(15);
  assert.deepEqual(locked, [15]);
});

test("a touch in one tab counts in all", () => {
  const [first, second] = [tab(), tab()];
  first.start();
  second.start();
  pass(10);
  first.touch();
  pass(10);
  assert.deepEqual(locked, []);
  pass(5);
  assert.equal(locked.length, 2);
});

test("a machine that slept is locked at the first look, before a touch can count", () => {
  const page = tab();
  page.start();
  page.touch();
  now += 60 * MINUTE_MS;
  page.touch();
  assert.deepEqual(locked, [15]);
});

test("a browser that was closed meanwhile is locked when it opens", () => {
  const before = tab();
  before.start();
  before.touch();
  timers.clear();
  now += 16 * MINUTE_MS;
  tab().start();
  assert.deepEqual(locked, [15]);
});

test("the preference counts, from the last touch, and zero is never", () => {
  const page = tab();
  page.start();
  page.touch();
  page.limit(0);
  pass(600);
  assert.deepEqual(locked, []);
  page.touch();
  page.limit(5);
  pass(4);
  page.limit(60);
  pass(30);
  assert.deepEqual(locked, []);
  page.limit(30);
  assert.deepEqual(locked, [30]);
});

test("who left is nobody: the next one's time starts with them", () => {
  const page = tab();
  page.start();
  page.touch();
  pass(10);
  page.stop();
  pass(60);
  assert.deepEqual(locked, []);
  page.start();
  pass(14);
  assert.deepEqual(locked, []);
  pass(1);
  assert.deepEqual(locked, [15]);
});

test("a clock that was put back locks nobody", () => {
  const page = tab();
  page.start();
  page.touch();
  now -= 120 * MINUTE_MS;
  page.check();
  assert.deepEqual(locked, []);
});
