import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { ChatSender } from "../../app/web/static/js/lib/chat_sender.js";
import { PacedMarks } from "../../app/web/static/js/lib/paced_marks.js";
import { Outbox } from "../../app/web/static/js/models/outbox.js";
import { MemoryStore, randomFrom } from "./support.js";

const LOST = Object.assign(new Error("Não houve resposta do banco."), { code: "", status: 0 });
const refusal = (code) => Object.assign(new Error("Não."), { code });

let outbox;
let made;

beforeEach(() => {
  made = 0;
  outbox = new Outbox(new MemoryStore(), { newId: () => `c${(made += 1)}` });
  outbox.own(1);
});

/** Everything that is under way is over. */
const settled = () => new Promise((done) => setImmediate(done));

function sending({ ask, isLive = () => true }) {
  const acknowledged = [];
  let retry = null;
  const sender = new ChatSender({
    outbox,
    ask,
    isLive,
    sent: ({ texto }, id) => acknowledged.push([texto, id]),
    schedule: (run) => (retry = run),
    cancel: () => (retry = null),
  });
  return { sender, acknowledged, again: async () => (retry?.(), settled()) };
}

test("each message is taken once and in order, whatever gets lost: the request, the answer or the line", async () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const random = randomFrom(seed);
    const taken = new Map();
    let live = true;
    const ask = async (_name, { texto, id_cliente }) => {
      live = random() > 0.1;
      if (!live || random() < 0.3) throw LOST;
      if (!taken.has(id_cliente)) taken.set(id_cliente, texto);
      if (random() < 0.3) throw LOST;
      return { id: [...taken.keys()].indexOf(id_cliente) + 1 };
    };
    const { sender, acknowledged, again } = sending({ ask, isLive: () => live });
    const texts = Array.from({ length: 8 }, (_, n) => `m${seed}-${n}`);
    for (const text of texts) {
      outbox.write(2, text);
      sender.send();
      if (random() < 0.5) await settled();
    }
    for (let n = 0; outbox.next; n += 1) {
      assert.ok(n < 500, `seed ${seed} comes to an end`);
      live = true;
      sender.send();
      await again();
    }
    assert.deepEqual([...taken.values()], texts, `seed ${seed}`);
    assert.deepEqual(acknowledged.map(([text]) => text), texts, `seed ${seed}`);
  }
});

for (const code of ["nao_sao_contatos", "limite_de_texto"]) {
  test(`one that stays refused (${code}) fails and lets the others pass; one that came too fast waits and keeps the order`, async () => {
    const answers = [refusal(code), refusal("muitas_requisicoes"), null, null];
    const asked = [];
    const ask = async (_name, { texto }) => {
      asked.push(texto);
      const answer = answers.shift();
      if (answer) throw answer;
      return { id: asked.length };
    };
    ["a", "b", "c"].forEach((text) => outbox.write(2, text));
    const { sender, again } = sending({ ask });
    await sender.send();
    assert.deepEqual(asked, ["a", "b"]);
    await again();
    assert.deepEqual(asked, ["a", "b", "b", "c"]);
    assert.deepEqual(outbox.to(2).map(({ texto, falha }) => [texto, falha]), [["a", "Não."]]);
  });
}

test("nothing is asked without a line", async () => {
  outbox.write(2, "a");
  const { sender } = sending({ ask: () => assert.fail("asked"), isLive: () => false });
  await sender.send();
  assert.equal(outbox.next.texto, "a");
});

test("what was read is told at most once a second, forwards only, and again after a line that was lost", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const told = [];
    let live = true;
    let lost = false;
    const marks = new PacedMarks({ everyMs: 1000, tell: async (other, to) => (told.push([other, to]), lost && Promise.reject(LOST)), isLive: () => live });
    [1, 2, 3].forEach((to) => marks.want(7, to));
    assert.deepEqual(told, [[7, 1]]);
    mock.timers.tick(999);
    assert.equal(told.length, 1);
    mock.timers.tick(1);
    assert.deepEqual(told.at(-1), [7, 3]);
    mock.timers.tick(1000);
    marks.want(7, 2);
    assert.equal(told.length, 2, "never back");
    lost = true;
    marks.want(7, 4);
    await settled();
    lost = live = false;
    mock.timers.tick(1000);
    assert.equal(told.length, 3);
    live = true;
    marks.next();
    assert.deepEqual(told.at(-1), [7, 4]);
  } finally {
    mock.timers.reset();
  }
});
