import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ASK_AGAIN_MS, EventStream } from "../../app/web/static/js/models/event_stream.js";

let now, asked, delivered, stream;

beforeEach(() => {
  now = 0;
  asked = [];
  delivered = [];
  stream = new EventStream({
    now: () => now,
    ask: (since) => asked.push(since),
    deliver: (_name, event) => delivered.push(event.seq),
  });
});

const begin = (seq = 0, epoca = 1) => stream.authenticated({ seq, epoca, recuperado: false });
const receive = (...seqs) => seqs.forEach((seq) => stream.receive("notificacao", { seq }));

test("a page that knows nothing starts live and fetches the past", () => {
  assert.deepEqual(stream.position, {});
  assert.equal(begin(7), true);
  receive(7, 8);
  assert.deepEqual(delivered, [8]);
  assert.deepEqual(stream.position, { ultimo_seq: 8, epoca: 1 });
});

test("before the answer to the handshake nothing is shown", () => {
  receive(1, 2);
  assert.deepEqual(delivered, []);
});

test("each event is shown once, in order", () => {
  begin();
  receive(1, 1, 2, 1, 2, 3);
  assert.deepEqual(delivered, [1, 2, 3]);
});

test("a gap is asked for, and what came too early waits for the replay", () => {
  begin();
  receive(1, 4);
  assert.deepEqual(asked, [1]);
  receive(2, 3, 4, 5);
  assert.deepEqual(delivered, [1, 2, 3, 4, 5]);
});

test("one gap is asked for once, until the answer is overdue", () => {
  begin();
  receive(3, 4, 5);
  assert.deepEqual(asked, [0]);
  now = ASK_AGAIN_MS;
  receive(6);
  assert.deepEqual(asked, [0, 0]);
});

test("a resumed session goes on where it was", () => {
  begin();
  receive(1, 2);
  assert.equal(stream.authenticated({ seq: 9, epoca: 1, recuperado: true }), false);
  receive(3, 4);
  assert.deepEqual(delivered, [1, 2, 3, 4]);
});

test("what was missed is on its way until the last of it is here", () => {
  begin(2);
  assert.equal(stream.isCatchingUp, false);
  stream.authenticated({ seq: 4, epoca: 1, recuperado: true });
  receive(3);
  assert.equal(stream.isCatchingUp, true);
  receive(4);
  assert.equal(stream.isCatchingUp, false);
});

test("another epoch starts afresh, even when the server says resumed", () => {
  begin();
  receive(1, 2, 3);
  assert.equal(stream.authenticated({ seq: 1, epoca: 2, recuperado: true }), true);
  receive(2);
  assert.deepEqual(delivered, [1, 2, 3, 2]);
});

test("an event of a plain script, without seq, is told at once and changes no position", () => {
  begin(5);
  stream.receive("notificacao", { mensagem: "oi" });
  receive(6);
  assert.deepEqual(delivered, [undefined, 6]);
});
