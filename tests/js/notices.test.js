import assert from "node:assert/strict";
import { test } from "node:test";
import { Inbox } from "../../app/web/static/js/models/inbox.js";
import { byDay, centsOf, FilteredNotices, fits, messageOf, repeatOf, wayOf } from "../../app/web/static/js/models/notices.js";

const row = (way, fields = {}) => ({
  MovimentacaoID: 1,
  CorrentistaID: 3,
  TipoOperacao: way,
  ValorOperacao: 12.34,
  Descricao: "Aluguel",
  BeneficiarioID: 8,
  OperacaoID: 5,
  ...fields,
});
const notice = (seq, tipo, { rows = [], own = false, words = "Transferência", at = "2026-11-23T12:00:00+00:00" } = {}) => ({
  seq,
  tipo,
  mensagem: `n${seq}`,
  timestamp: at,
  dados: { propria: own, descricao: words, movimentacoes: rows },
});
const received = (seq, options) => notice(seq, "transferencia", { rows: [row("Crédito")], ...options });
const sent = (seq, options) => notice(seq, "transferencia", { rows: [row("Débito")], own: true, ...options });
const between = (seq) => notice(seq, "transferencia", { rows: [row("Débito"), row("Crédito")], own: true });
const plain = (seq) => ({ seq, tipo: "aviso", mensagem: "oi", timestamp: "2026-11-23T12:00:00+00:00", dados: null });

test("money in and out, and between own accounts neither", () => {
  assert.deepEqual([received(1), sent(2), between(3), plain(4)].map(wayOf), ["entrada", "saida", "", ""]);
  assert.deepEqual([received(1), sent(2), between(3), plain(4)].map(centsOf), [1234, -1234, 1234, null]);
  assert.equal(wayOf({ ...plain(5), dados: { movimentacoes: "de um script" } }), "");
});

test("what the sender wrote is told, not what the bank writes for them", () => {
  assert.equal(messageOf(received(1, { words: "Feliz aniversário" })), "Feliz aniversário");
  assert.equal(messageOf(received(1)), "");
  assert.equal(messageOf(notice(1, "saque", { words: "Saque" })), "");
  assert.equal(messageOf(plain(1)), "");
});

test("what the person paid or sent can be repeated as it was, and nothing else", () => {
  assert.deepEqual(repeatOf(sent(1, { words: "Aluguel" })), { kind: "transferencia", account: 3, target: 8, cents: 1234, description: "Aluguel" });
  const bill = notice(2, "pagamento", { rows: [row("Débito", { BeneficiarioID: null, Descricao: "Luz" })], own: true, words: "Luz" });
  assert.deepEqual(repeatOf(bill), { kind: "pagamento", account: 3, target: null, cents: 1234, description: "Luz" });
  assert.deepEqual([received(3), notice(4, "saque", { rows: [row("Débito")], own: true }), plain(5)].map(repeatOf), [null, null, null]);
});

test("a filter is by kind, by way, or both; an unknown kind is a notice", () => {
  assert.ok(fits(received(1), { kind: "transferencia", way: "entrada" }));
  assert.ok(!fits(received(1), { kind: "transferencia", way: "saida" }));
  assert.ok(!fits(received(1), { kind: "deposito", way: "" }));
  assert.ok(fits(notice(1, "leilao"), { kind: "aviso", way: "" }));
});

test("days are the bank's", () => {
  const night = ["2026-11-23T03:00:00+00:00", "2026-11-23T02:59:59+00:00"].map((at, index) => received(2 - index, { at }));
  assert.deepEqual(byDay(night).map(({ day, items }) => [day, items.length]), [["2026-11-23", 1], ["2026-11-22", 1]]);
});

test("with a filter, what fits comes from the inbox and from pages that the bank filters, each once", () => {
  const inbox = new Inbox();
  inbox.load({ notificacoes: [received(9), sent(8)], nao_lidas: 5, seq: 9, ate: 0 }, false);
  const notices = new FilteredNotices(inbox);
  assert.equal(notices.next, null);
  notices.choose({ kind: "transferencia", way: "entrada" });
  const first = notices.next;
  assert.equal(first, "/notificacoes?limite=30&antes=8&tipo=transferencia&sentido=entrada");
  notices.add(first, { items: [{ ...received(5), lida: true }, received(4)], next: "/mais" });
  inbox.receive(received(10));
  assert.deepEqual(notices.list.map(({ seq }) => seq), [10, 9, 5, 4]);
  assert.deepEqual(notices.list.map((item) => inbox.isUnread(item)), [true, true, false, true]);
  assert.equal(notices.next, "/mais");
});

test("a page that was asked for with another filter is passed over", () => {
  const inbox = new Inbox();
  inbox.load({ notificacoes: [received(9)], nao_lidas: 1, seq: 9, ate: 8 }, false);
  const notices = new FilteredNotices(inbox);
  notices.choose({ kind: "saque", way: "" });
  const asked = notices.next;
  notices.choose({ kind: "deposito", way: "" });
  notices.add(asked, { items: [notice(3, "saque")], next: null });
  assert.deepEqual(notices.list, []);
  assert.match(notices.next, /tipo=deposito/);
});

test("when the inbox was loaded anew, the filter goes on from there and leaves no gap", () => {
  const inbox = new Inbox();
  inbox.load({ notificacoes: [received(9)], nao_lidas: 1, seq: 9, ate: 8 }, false);
  const notices = new FilteredNotices(inbox);
  notices.choose({ kind: "transferencia", way: "" });
  notices.add(notices.next, { items: [received(2)], next: null });
  inbox.load({ notificacoes: [received(60)], nao_lidas: 1, seq: 60, ate: 59 }, false);
  assert.match(notices.next, /antes=60/);
  assert.deepEqual(notices.list.map(({ seq }) => seq), [60]);
});
