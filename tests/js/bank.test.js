import assert from "node:assert/strict";
import { test } from "node:test";
import { Bank } from "../../app/web/static/js/models/bank.js";
import { EventStream } from "../../app/web/static/js/models/event_stream.js";
import { randomFrom, shown, shuffled, TinyBank } from "./support.js";

const ACCOUNTS = [1, 2, 3];

function tinyBank(random, moves) {
  const server = new TinyBank(ACCOUNTS);
  for (let i = 0; i < moves; i += 1) server.move(1 + Math.floor(random() * 3), Math.floor(random() * 20000) - 8000);
  return server;
}

/** A page on that server, fetched after `loaded` moves, that missed everything since. */
function pageOf(server, loaded) {
  const bank = new Bank();
  const past = new TinyBank(ACCOUNTS);
  server.rows.slice(0, loaded).forEach((row) => past.move(row.CorrentistaID, signed(row)));
  bank.load(past.snapshot);
  const stream = new EventStream({
    deliver: (_name, event) => bank.applyNotification(event),
    ask: (since) => server.events.slice(since).forEach((event) => stream.receive("notificacao", event)),
  });
  stream.authenticated({ seq: loaded, epoca: 1, recuperado: false });
  return { bank, stream };
}

const signed = (row) => Math.round(row.ValorOperacao * 100) * (row.TipoOperacao === "Débito" ? -1 : 1);

function fresh(server) {
  const bank = new Bank();
  bank.load(server.snapshot);
  return bank;
}

test("events applied in any order, repeated and with gaps, equal a fresh fetch", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = randomFrom(seed);
    const server = tinyBank(random, 5 + Math.floor(random() * 40));
    const loaded = Math.floor(random() * server.events.length);
    const { bank, stream } = pageOf(server, loaded);
    const events = server.events.slice(loaded).map((event) => () => stream.receive("notificacao", event));
    const balances = server.balances.slice(loaded).map((payload) => () => bank.applyBalance(payload));
    const doubled = [...events, ...events, ...balances, ...balances];
    const lossy = shuffled(doubled, random).filter((_, index) => index % 7 !== 0);
    lossy.forEach((apply) => apply());
    // The server sends the balances concerned after every replay, and the last event is never lost for good.
    server.events.slice(loaded).forEach((event) => stream.receive("notificacao", event));
    server.snapshot.accounts.forEach((payload) => bank.applyBalance(payload));
    assert.deepEqual(shown(bank), shown(fresh(server)), `seed ${seed}`);
  }
});

test("what comes while a snapshot is under way is kept, whether the snapshot has it or not", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = randomFrom(seed);
    const server = tinyBank(random, 20);
    const { bank, stream } = pageOf(server, 5);
    bank.beginLoad();
    const steps = server.events.slice(5).flatMap((event, index) => [
      () => stream.receive("notificacao", event),
      () => bank.applyBalance(server.balances[5 + index]),
    ]);
    const snapshotAt = Math.floor(random() * 15);
    const past = new TinyBank(ACCOUNTS);
    server.rows.slice(0, 5 + snapshotAt).forEach((row) => past.move(row.CorrentistaID, signed(row)));
    const arrivesAt = Math.floor(random() * steps.length);
    steps.slice(0, arrivesAt).forEach((step) => step());
    bank.load(past.snapshot);
    steps.slice(arrivesAt).forEach((step) => step());
    // Rows before the snapshot's moment are in it; all later ones came as events.
    assert.deepEqual(shown(bank), shown(fresh(server)), `seed ${seed}`);
  }
});

test("an older balance never replaces a newer one", () => {
  const bank = new Bank();
  bank.load({ accounts: [{ CorrentistaID: 1, NomeCorrentista: "A", Saldo: 10, versao: 4 }], rows: [], complete: true, summary: null });
  bank.applyBalance({ CorrentistaID: 1, NomeCorrentista: "A", Saldo: 99, versao: 3 });
  assert.equal(bank.accounts.totalCents, 1000);
});

test("only what changed is announced", () => {
  const server = tinyBank(randomFrom(3), 4);
  const bank = fresh(server);
  let changes = 0;
  bank.on("change", () => (changes += 1));
  server.events.forEach((event) => bank.applyNotification(event));
  server.snapshot.accounts.forEach((payload) => bank.applyBalance(payload));
  assert.equal(changes, 0);
});
