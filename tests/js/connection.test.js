import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { CEILING_FIRST_MS, CEILING_MAX_MS, Connection, FIRST_WORD_AFTER_MS } from "../../app/web/static/js/models/connection.js";

let now, timers, attempts, random, connection;

beforeEach(() => {
  now = 1000;
  timers = [];
  attempts = 0;
  random = 1;
  connection = new Connection({
    connect: () => (attempts += 1),
    now: () => now,
    random: () => random,
    schedule: (run, ms) => timers.push({ run, ms }),
    cancel: () => undefined,
  });
});

const fail = () => {
  connection.lost();
  const { run, ms } = timers.at(-1);
  run();
  return ms;
};

test("green once it is connected, with the node's name and the transport", () => {
  connection.start();
  connection.greeted({ node: "web2", transport: "websocket" });
  assert.equal(connection.state, "reconectando");
  connection.connected();
  assert.deepEqual([connection.state, connection.node, connection.transport], ["conectado", "web2", "websocket"]);
});

test("it was live once it was connected, not when a node only greeted, and anew after a stop", () => {
  const seen = [connection.wasLive];
  connection.start();
  connection.greeted({ node: "web2" });
  seen.push(connection.wasLive);
  connection.connected();
  connection.lost();
  seen.push(connection.wasLive);
  connection.stop();
  seen.push(connection.wasLive);
  assert.deepEqual(seen, [false, false, true, false]);
});

test("nothing is to be said of the first attempts for a while, and then it is", () => {
  let told;
  connection.on("change", ({ isBeginning }) => (told = isBeginning));
  connection.start();
  const [first] = timers;
  connection.lost();
  now += FIRST_WORD_AFTER_MS - 1;
  assert.equal(connection.isBeginning, true);
  now += 1;
  assert.equal(first.ms, FIRST_WORD_AFTER_MS);
  first.run();
  assert.equal(told, false);
});

test("a browser without a network, and a line that was there before, are spoken of at once", () => {
  connection.start();
  connection.network(false);
  assert.equal(connection.isBeginning, false);
  connection.network(true);
  connection.connected();
  connection.lost();
  assert.deepEqual([connection.state, connection.isBeginning], ["reconectando", false]);
});

test("it tries for ever, with a wait that doubles up to its limit", () => {
  connection.start();
  const waits = Array.from({ length: 50 }, fail);
  assert.deepEqual(waits.slice(0, 4), [500, 1000, 2000, 4000]);
  assert.equal(waits.at(-1), CEILING_MAX_MS);
  assert.equal(attempts, 51);
});

test("the wait is fully jittered", () => {
  connection.start();
  random = 0.25;
  connection.lost();
  assert.equal(timers.at(-1).ms, CEILING_FIRST_MS / 4);
  assert.equal(connection.retryAt, now + CEILING_FIRST_MS / 4);
});

test("a connection that was had starts the waits anew", () => {
  connection.start();
  fail();
  fail();
  connection.connected();
  assert.equal(fail(), CEILING_FIRST_MS);
});

test("a node that drains says how long to wait", () => {
  connection.start();
  connection.connected();
  connection.lost(1300);
  assert.equal(timers.at(-1).ms, 1300);
});

test("the person need not wait", () => {
  connection.start();
  connection.lost();
  connection.tryNow();
  assert.equal(attempts, 2);
  assert.equal(connection.retryAt, null);
});

test("red while the browser has no network, and at once again when it is back", () => {
  connection.start();
  connection.connected();
  connection.network(false);
  connection.lost();
  assert.equal(connection.state, "desconectado");
  connection.network(true);
  assert.equal(connection.state, "reconectando");
  assert.equal(attempts, 2);
});

test("it remembers until when everything shown was live", () => {
  connection.start();
  connection.connected();
  now = 5000;
  connection.lost();
  now = 9000;
  connection.lost();
  assert.equal(connection.liveUntil, 5000);
  connection.connected();
  assert.equal(connection.liveUntil, null);
});

test("ended because the bank is open in newer places, it does not come back by itself: two places would end each other for ever", () => {
  connection.start();
  connection.connected();
  now = 5000;
  connection.rest();
  connection.lost();
  connection.tryNow();
  connection.network(false);
  connection.network(true);
  assert.deepEqual([connection.state, connection.resting, connection.retryAt, connection.liveUntil], ["desconectado", true, null, 5000]);
  assert.equal(attempts, 1);
});

test("the person uses it here, and then it goes on as usual", () => {
  connection.start();
  connection.connected();
  connection.rest();
  connection.useHere();
  assert.deepEqual([attempts, connection.state, connection.resting], [2, "reconectando", false]);
  connection.connected();
  connection.lost();
  assert.equal(connection.state, "reconectando");
});

test("the end of the session ends the rest too", () => {
  connection.start();
  connection.rest();
  connection.stop();
  connection.start();
  assert.deepEqual([connection.resting, attempts], [false, 2]);
});

test("after the end of the session nothing is tried", () => {
  connection.start();
  connection.stop();
  connection.lost();
  connection.tryNow();
  assert.equal(attempts, 1);
  assert.equal(connection.state, "desconectado");
});
