import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Inbox } from "../../app/web/static/js/models/inbox.js";
import { randomFrom, shuffled } from "./support.js";

const notice = (seq) => ({ seq, tipo: "aviso", mensagem: `n${seq}`, timestamp: "2026-11-23T12:00:00+00:00", dados: null });
const notices = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => notice(from + index));

let inbox;

beforeEach(() => {
  inbox = new Inbox();
});

test("the newest stand first, and the unread are counted", () => {
  inbox.load({ notificacoes: notices(1, 5).reverse(), nao_lidas: 2, seq: 5 }, true);
  assert.deepEqual(inbox.list.map(({ seq }) => seq), [5, 4, 3, 2, 1]);
  assert.equal(inbox.unread, 2);
  assert.deepEqual(inbox.list.map((item) => inbox.isUnread(item)), [true, true, false, false, false]);
});

test("unread ones beyond the loaded page count too, until they are read or loaded", () => {
  inbox.load({ notificacoes: notices(11, 15).reverse(), nao_lidas: 9, seq: 15 }, false);
  assert.equal(inbox.unread, 9);
  inbox.addOlder(notices(6, 10), { before: 11, complete: false });
  assert.equal(inbox.unread, 9);
  inbox.readUpTo(15);
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
  inbox.readAs({ notificacoes: notices(1, 7).reverse(), nao_lidas: 3, seq: 7 });
  assert.equal(inbox.unread, 1);
  assert.equal(heard, 0);
  inbox.receive(notice(6));
  assert.equal(heard, 1);
});

test("what arrives is unread and unseen; looking is not reading", () => {
  inbox.load({ notificacoes: [notice(1)], nao_lidas: 0, seq: 1 }, true);
  assert.equal(inbox.hasUnseen, false);
  inbox.receive(notice(2));
  assert.equal(inbox.hasUnseen, true);
  inbox.see();
  assert.equal(inbox.hasUnseen, false);
  assert.equal(inbox.unread, 1);
});

test("each is announced once", () => {
  const heard = [];
  inbox.on("arrived", ({ seq }) => heard.push(seq));
  [1, 1, 2, 2].forEach((seq) => inbox.receive(notice(seq)));
  assert.deepEqual(heard, [1, 2]);
});

test("what a page already holds is announced when it comes, and is listed and counted once", () => {
  const heard = [];
  inbox.on("arrived", ({ seq }) => heard.push(seq));
  inbox.load({ notificacoes: notices(1, 4).reverse(), nao_lidas: 2, seq: 4 }, true);
  assert.deepEqual(heard, []);
  assert.equal(inbox.hasUnseen, false);
  [3, 4, 4].forEach((seq) => inbox.receive(notice(seq)));
  assert.deepEqual(heard, [3, 4]);
  assert.equal(inbox.hasUnseen, true);
  assert.equal(inbox.unread, 2);
  assert.deepEqual(inbox.list.map(({ seq }) => seq), [4, 3, 2, 1]);
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
      () => page.readUpTo(2),
      () => page.readUpTo(6),
    ];
    shuffled(steps, randomFrom(seed)).forEach((step) => step());
    assert.equal(page.unread, 2, `seed ${seed}`);
  }
});

test("a page that is fetched again keeps what came meanwhile", () => {
  inbox.load({ notificacoes: notices(1, 2).reverse(), nao_lidas: 0, seq: 2 }, true);
  inbox.receive(notice(3));
  inbox.load({ notificacoes: notices(1, 2).reverse(), nao_lidas: 0, seq: 2 }, true);
  assert.deepEqual(inbox.list.map(({ seq }) => seq), [3, 2, 1]);
  assert.equal(inbox.unread, 1);
});

const own = (seq) => ({ ...notice(seq), dados: { propria: true } });

test("what the person did is told and never unread", () => {
  let heard = 0;
  inbox.on("arrived", () => (heard += 1));
  inbox.load({ notificacoes: [own(4), notice(3), own(2), notice(1)], nao_lidas: 1, seq: 4 }, true);
  assert.deepEqual(inbox.list.map((item) => inbox.isUnread(item)), [false, true, false, false]);
  inbox.receive(own(5));
  assert.equal(heard, 1);
  assert.equal(inbox.unread, 1);
  assert.equal(inbox.hasUnseen, false);
  inbox.receive(notice(6));
  assert.equal(inbox.unread, 2);
});

test("among what the person did, the badge agrees with the bank's count, page by page", () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = randomFrom(seed);
    const all = Array.from({ length: 40 }, (_, index) => (random() < 0.6 ? own : notice)(index + 1));
    const readTo = Math.floor(random() * 40);
    const count = all.filter((item) => item.seq > readTo && !item.dados).length;
    const page = new Inbox();
    page.load({ notificacoes: all.slice(30).reverse(), nao_lidas: count, seq: 40 }, false);
    assert.equal(page.unread, count, `seed ${seed}`);
    for (let end = 30; end > 0; end -= 10) {
      page.addOlder(all.slice(end - 10, end), { before: end + 1, complete: end === 10 });
      assert.equal(page.unread, count, `seed ${seed}, before ${end + 1}`);
    }
    assert.deepEqual(page.list.filter((item) => page.isUnread(item)), all.filter((item) => item.seq > readTo && !item.dados).reverse());
  }
});
