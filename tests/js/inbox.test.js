import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { EventStream } from "../../app/web/static/js/models/event_stream.js";
import { Inbox } from "../../app/web/static/js/models/inbox.js";
import { randomFrom, shuffled } from "./support.js";

const notice = (seq) => ({ seq, tipo: "aviso", mensagem: `n${seq}`, timestamp: "2026-11-23T12:00:00+00:00", dados: null });
const notices = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => notice(from + index));
/** As the bank shows them when all up to `readTo` are read, the newest first. */
const shown = (items, readTo = 0) => [...items].reverse().map((item) => ({ ...item, lida: item.seq <= readTo || item.dados?.propria === true }));

let inbox;

beforeEach(() => {
  inbox = new Inbox();
});

test("the newest stand first, and the unread are counted", () => {
  inbox.load({ notificacoes: shown(notices(1, 5), 3), nao_lidas: 2, seq: 5, ate: 3 }, true);
  assert.deepEqual(inbox.list.map(({ seq }) => seq), [5, 4, 3, 2, 1]);
  assert.equal(inbox.unread, 2);
  assert.deepEqual(inbox.list.map((item) => inbox.isUnread(item)), [true, true, false, false, false]);
});

test("unread ones beyond the loaded page count too, until they are read or loaded", () => {
  inbox.load({ notificacoes: notices(11, 15).reverse(), nao_lidas: 9, seq: 15 }, false);
  assert.equal(inbox.unread, 9);
  inbox.addOlder(shown(notices(6, 10), 6), { before: 11, complete: false });
  assert.equal(inbox.unread, 9);
  inbox.read({ ate: 15 });
  assert.equal(inbox.unread, 0);
});

test("an older page that comes twice, or no longer joins the rest, changes nothing", () => {
  inbox.load({ notificacoes: notices(11, 15).reverse(), nao_lidas: 12, seq: 15 }, false);
  const older = () => inbox.addOlder(notices(6, 10), { before: 11, complete: false });
  older();
  older();
  assert.equal(inbox.unread, 12);
  assert.equal(inbox.oldestSeq, 6);
});

test("where reading stands is taken from a page, which announces nothing", () => {
  inbox.load({ notificacoes: notices(1, 5).reverse(), nao_lidas: 5, seq: 5 }, true);
  let heard = 0;
  inbox.on("arrived", () => (heard += 1));
  inbox.readAs({ notificacoes: shown(notices(1, 7), 4), nao_lidas: 3, seq: 7, ate: 4 });
  assert.equal(inbox.unread, 1);
  assert.equal(heard, 0);
  inbox.receive(notice(6));
  assert.equal(heard, 1);
});

test("what arrives is unread and unseen; looking is not reading", () => {
  inbox.load({ notificacoes: shown([notice(1)], 1), nao_lidas: 0, seq: 1, ate: 1 }, true);
  assert.equal(inbox.hasUnseen, false);
  inbox.receive(notice(2));
  assert.equal(inbox.hasUnseen, true);
  inbox.see();
  assert.equal(inbox.hasUnseen, false);
  assert.equal(inbox.unread, 1);
});

test("each is announced once, one that the loaded page holds already too", () => {
  const heard = [];
  inbox.on("arrived", ({ seq }) => heard.push(seq));
  const stream = new EventStream({ deliver: (_name, event) => inbox.receive(event), ask: () => undefined });
  stream.authenticated({ seq: 1, epoca: 7 });
  inbox.load({ notificacoes: notices(1, 2).reverse(), nao_lidas: 2, seq: 2 }, true);
  [1, 2, 2, 3, 3].forEach((seq) => stream.receive("notificacao", notice(seq)));
  assert.deepEqual(heard, [2, 3]);
  assert.deepEqual(inbox.list.map(({ seq }) => seq), [3, 2, 1]);
  assert.equal(inbox.unread, 3);
});

test("one that the loaded page holds already is unseen when it arrives", () => {
  inbox.load({ notificacoes: notices(1, 2).reverse(), nao_lidas: 2, seq: 2 }, true);
  assert.equal(inbox.hasUnseen, false);
  inbox.receive(notice(2));
  assert.equal(inbox.hasUnseen, true);
});

test("one of a plain script is announced and not kept", () => {
  let heard = 0;
  inbox.on("arrived", () => (heard += 1));
  inbox.receive({ tipo: "aviso", mensagem: "oi", dados: null });
  assert.equal(heard, 1);
  assert.deepEqual(inbox.list, []);
});

test("read in another tab, in any order with what arrives, ends the same", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const page = new Inbox();
    page.load({ notificacoes: notices(1, 3).reverse(), nao_lidas: 3, seq: 3 }, true);
    const steps = [
      ...notices(4, 8).map((item) => () => page.receive(item)),
      () => page.read({ ate: 2 }),
      () => page.read({ ate: 6 }),
    ];
    shuffled(steps, randomFrom(seed)).forEach((step) => step());
    assert.equal(page.unread, 2, `seed ${seed}`);
  }
});

test("a page that is fetched again keeps what came meanwhile", () => {
  const page = { notificacoes: shown(notices(1, 2), 2), nao_lidas: 0, seq: 2, ate: 2 };
  inbox.load(page, true);
  inbox.receive(notice(3));
  inbox.load(page, true);
  assert.deepEqual(inbox.list.map(({ seq }) => seq), [3, 2, 1]);
  assert.equal(inbox.unread, 1);
});

const own = (seq) => ({ ...notice(seq), dados: { propria: true } });

test("what the person did is told and never unread", () => {
  let heard = 0;
  inbox.on("arrived", () => (heard += 1));
  inbox.load({ notificacoes: shown([notice(1), own(2), notice(3), own(4)], 2), nao_lidas: 1, seq: 4, ate: 2 }, true);
  assert.deepEqual(inbox.list.map((item) => inbox.isUnread(item)), [false, true, false, false]);
  inbox.receive(own(5));
  assert.equal(heard, 1);
  assert.equal(inbox.unread, 1);
  assert.equal(inbox.hasUnseen, false);
  inbox.receive(notice(6));
  assert.equal(inbox.unread, 2);
});

/** What a bank knows of 40 events: which are read, and what a page of them says. */
function bankWith(random) {
  const all = Array.from({ length: 40 }, (_, index) => (random() < 0.5 ? own : notice)(index + 1));
  let readTo = Math.floor(random() * 20);
  const beyond = new Set(all.filter(({ seq }) => seq > readTo && random() < 0.3).map(({ seq }) => seq));
  const isRead = (item) => item.seq <= readTo || beyond.has(item.seq) || item.dados?.propria === true;
  const unread = () => all.filter((item) => !isRead(item));
  const rows = (from, to) => all.slice(from, to).reverse().map((item) => ({ ...item, lida: isRead(item) }));
  return {
    unread,
    rows,
    newest: (count) => ({ notificacoes: rows(40 - count, 40), nao_lidas: unread().length, seq: 40, ate: readTo }),
    readEach(seqs) {
      const newly = unread().map(({ seq }) => seq).filter((seq) => seqs.includes(seq));
      newly.forEach((seq) => beyond.add(seq));
      return { ate: readTo, nao_lidas: unread().length, seqs: newly };
    },
    readAll(seq) {
      readTo = Math.max(readTo, seq);
      return { ate: readTo, nao_lidas: unread().length, seqs: [] };
    },
  };
}

test("whatever is read and loaded in whatever order, the badge and the marks are the bank's", () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = randomFrom(seed);
    const bank = bankWith(random);
    const page = new Inbox();
    page.load(bank.newest(10), false);
    for (let step = 0; step < 12; step += 1) {
      const dice = random();
      const before = page.oldestSeq;
      if (dice < 0.3 && before > 1) page.addOlder(bank.rows(before - 11, before - 1), { before, complete: before === 11 });
      else if (dice < 0.9) {
        const told = bank.readEach(Array.from({ length: 3 }, () => 1 + Math.floor(random() * 40)));
        assert.ok(page.read(told), `seed ${seed}: the page agrees`);
        page.read(told);
      } else if (!page.read(bank.readAll(Math.floor(random() * 40)))) page.readAs(bank.newest(20));
      assert.equal(page.unread, bank.unread().length, `seed ${seed}, step ${step}`);
    }
    const marked = page.list.filter((item) => page.isUnread(item)).map(({ seq }) => seq);
    assert.deepEqual(marked, bank.unread().map(({ seq }) => seq).reverse().filter((seq) => seq >= page.oldestSeq));
  }
});

test("a page that missed what was read elsewhere notices it, and is put right by one of the newest", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const bank = bankWith(randomFrom(seed));
    const page = new Inbox();
    page.load(bank.newest(10), false);
    page.addOlder(bank.rows(20, 30), { before: 31, complete: false });
    const missed = bank.readEach([39, 25, 12]);
    const next = bank.readEach([38, 5]);
    if (missed.seqs.length > 0) assert.equal(page.read(next), false, `seed ${seed}`);
    else page.read(next);
    page.readAs(bank.newest(30));
    assert.equal(page.unread, bank.unread().length, `seed ${seed}`);
  }
});
