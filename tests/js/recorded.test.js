import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Bank } from "../../app/web/static/js/models/bank.js";
import { EventStream } from "../../app/web/static/js/models/event_stream.js";
import { Inbox } from "../../app/web/static/js/models/inbox.js";
import { randomFrom, shown, shuffled } from "./support.js";

// What the server sent to one person's socket during ten operations of two people, and what it
// then answered to a fresh fetch.
const { start, events, fresh } = JSON.parse(readFileSync(new URL("recorded.json", import.meta.url), "utf8"));
const durable = events.filter(({ name }) => name === "notificacao");

/** A page that was open from the start; the server replays what it is asked for, then the balances. */
function page() {
  const bank = new Bank();
  const inbox = new Inbox();
  const accounts = fresh.accounts.map((account) => ({ ...account, Saldo: 0, versao: 0 }));
  bank.load({ accounts, rows: [], complete: true, summary: null });
  const stream = new EventStream({
    deliver: (_name, event) => {
      bank.applyNotification(event);
      inbox.receive(event);
    },
    ask: (since) => durable.slice(since - start.seq).forEach(({ payload }) => stream.receive("notificacao", payload)),
  });
  stream.authenticated(start);
  const hear = ({ name, payload }) => (name === "notificacao" ? stream.receive(name, payload) : bank.applyBalance(payload));
  return { bank, inbox, hear };
}

function freshPage() {
  const bank = new Bank();
  const inbox = new Inbox();
  bank.load({ ...fresh, complete: true, summary: null });
  inbox.load(fresh.inbox, true);
  return { bank, inbox };
}

const seen = ({ bank, inbox }) => ({ ...shown(bank), notices: inbox.list.map(({ seq, mensagem }) => [seq, mensagem]), unread: inbox.unread });

test("as it was recorded, the page equals a fresh fetch", () => {
  const open = page();
  events.forEach(open.hear);
  assert.deepEqual(seen(open), seen(freshPage()));
});

test("in any order, with repetitions, the page equals a fresh fetch", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const open = page();
    shuffled([...events, ...events], randomFrom(seed)).forEach(open.hear);
    assert.deepEqual(seen(open), seen(freshPage()), `seed ${seed}`);
  }
});
