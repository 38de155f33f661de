import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ApiError } from "../../app/web/static/js/lib/http.js";
import { OwnSessions } from "../../app/web/static/js/lib/own_sessions.js";
import { codesLeft, codesText, endedWords, sessionWords } from "../../app/web/static/js/models/security.js";

const at = (minutes) => new Date(Date.UTC(2026, 10, 30, 15, minutes)).toISOString();
const session = (id, more = {}) => ({ id, aparelho: "Chrome no Linux", local: "203.0.113.7", criada_em: at(0), usada_em: at(10), expira_em: at(59), atual: false, ...more });

/** A bank with some sessions, which can refuse to end one. */
class Bank {
  refuses = new Map();
  constructor(...sessions) {
    this.sessions = sessions;
  }
  async get() {
    return [...this.sessions];
  }
  async delete(path) {
    const id = path.split("/").at(-1);
    if (this.refuses.has(id)) throw this.refuses.get(id);
    this.sessions = this.sessions.filter((each) => each.id !== id);
    return null;
  }
}

let bank, sessions;

beforeEach(async () => {
  bank = new Bank(session("a"), session("b"), session("c", { atual: true }));
  sessions = new OwnSessions(bank);
  await sessions.load();
});

const ids = () => sessions.list.map(({ id }) => id);

test("this device comes first, the others as the bank has them", () => {
  assert.deepEqual(ids(), ["c", "a", "b"]);
  assert.deepEqual(sessions.others.map(({ id }) => id), ["a", "b"]);
});

test("the others are ended one by one and this one stays", async () => {
  assert.deepEqual(await sessions.end(sessions.others), { ended: 2, failed: "" });
  assert.deepEqual(ids(), ["c"]);
});

test("one that has ended by itself is no failure", async () => {
  bank.refuses.set("a", new ApiError("Não encontramos", { status: 404 }));
  assert.deepEqual(await sessions.end(sessions.others), { ended: 2, failed: "" });
});

test("what could not be ended is told, and the list shows what is left", async () => {
  bank.refuses.set("b", new ApiError("Muitas tentativas.", { status: 429 }));
  assert.deepEqual(await sessions.end(sessions.others), { ended: 1, failed: "Muitas tentativas." });
  assert.deepEqual(ids(), ["c", "b"]);
  assert.equal(endedWords({ ended: 1, failed: "Muitas tentativas." }), "Uma sessão encerrada. Muitas tentativas.");
});

test("without an answer the list stays as it was, and says so", async () => {
  bank.get = () => Promise.reject(new ApiError("Não houve resposta", { status: 0 }));
  await sessions.load();
  assert.deepEqual(ids(), ["c", "a", "b"]);
  assert.equal(sessions.failed, "Não houve resposta");
});

test("of two answers the one that was asked for last is shown", async () => {
  const answers = [];
  bank.get = () => new Promise((give) => answers.push(give));
  const loads = [sessions.load(), sessions.load()];
  answers[1]([session("new")]);
  answers[0]([session("old")]);
  await Promise.all(loads);
  assert.deepEqual(ids(), ["new"]);
});

test("a session in one line", () => {
  const now = new Date(at(15));
  assert.equal(sessionWords(session("a"), now), "Endereço 203.0.113.7 · usada há 5 minutos · desde hoje");
  assert.equal(sessionWords(session("a", { local: "", atual: true, criada_em: "2026-11-21T15:00:00Z" }), now), "em uso agora · desde 21 de novembro");
});

test("few recovery codes come with advice", () => {
  assert.deepEqual(codesLeft({ codigos_restantes: 10 }), { words: "10 restantes", advice: "" });
  assert.match(codesLeft({ codigos_restantes: 3 }).advice, /ative de novo/);
  assert.equal(codesLeft({ codigos_restantes: 0 }).words, "Nenhum");
  assert.equal(codesText(["AAAA", "BBBB"], "ana@teste.com"), "Saldo Vivo: códigos de recuperação\nana@teste.com\n\nAAAA\nBBBB");
});
