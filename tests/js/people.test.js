import assert from "node:assert/strict";
import { test } from "node:test";
import { choices, initials, People, transferFields } from "../../app/web/static/js/models/people.js";
import { Contacts } from "../../app/web/static/js/lib/contacts.js";

const person = (id, nome, values = {}) => ({
  usuario_id: id,
  nome,
  situacao: "contato",
  favorito: false,
  CorrentistaID: 100 + id,
  ultima_transferencia: null,
  ...values,
});

const names = (groups) => groups.map(({ title, people }) => [title, people.map(({ nome }) => nome)]);

function known(...people) {
  const model = new People();
  model.load({ people, emails: [] });
  return model;
}

test("favourites stand first, who is blocked last, and who asks apart from all of them", () => {
  const people = known(
    person(1, "Ana", { situacao: "bloqueado", favorito: true }),
    person(2, "Bia"),
    person(3, "Caio", { situacao: "historico", favorito: true }),
    person(4, "Davi", { situacao: "pedido_recebido", CorrentistaID: null }),
    person(5, "Eva", { situacao: "historico" }),
  );
  assert.deepEqual(people.asking.map(({ nome }) => nome), ["Davi"]);
  assert.deepEqual(names(people.groups("")), [
    ["Favoritos", ["Caio"]],
    ["Contatos", ["Bia"]],
    ["Outras pessoas", ["Eva"]],
    ["Bloqueados", ["Ana"]],
  ]);
});

test("a person is found by name, without case and accents, and by the account's number", () => {
  const people = known(person(1, "João Ávila"), person(2, "Bia Reis"));
  const found = (typed) => people.groups(typed).flatMap(({ people: each }) => each.map(({ nome }) => nome));
  assert.deepEqual(found(" avila"), ["João Ávila"]);
  assert.deepEqual(found("102"), ["Bia Reis"]);
  assert.deepEqual(found("ninguem"), []);
});

test("two letters stand for a person, also where the name is masked or has one word", () => {
  assert.deepEqual(["Maria da Silva Santos", "M**** S*****", "Ana", ""].map(initials), ["MS", "MS", "A", ""]);
});

test("a transfer can go to every other own account and to every person whose account is known, but for blocked ones", () => {
  const people = known(person(1, "Ana", { situacao: "bloqueado" }), person(2, "Bia"), person(3, "C***", { situacao: "pedido_enviado", CorrentistaID: null }));
  const accounts = [7, 8].map((id) => ({ id, name: `Conta ${id}`, cents: 0, version: 0 }));
  assert.deepEqual(choices({ accounts, source: 7, people }), [
    { label: "Suas contas", options: [{ account: 8, words: "Conta 8 · conta 8" }] },
    { label: "Contatos", options: [{ account: 102, words: "Bia · conta 102" }] },
  ]);
  assert.deepEqual(choices({ accounts: accounts.slice(0, 1), source: 7, people: known() }), []);
});

test("repeating fills in the amount, both accounts and the message of the last transfer; a new transfer only where it goes", () => {
  const last = { operacao_id: 1, valor: 1234.5, descricao: "Aluguel", correntista_id_origem: 7, correntista_id_destino: 101, data: "2026-11-20T12:00:00+00:00" };
  const ana = person(1, "Ana", { ultima_transferencia: last });
  assert.deepEqual(transferFields(ana, { again: true }), { valor: "1.234,50", conta: "7", destino: "101", descricao: "Aluguel" });
  assert.deepEqual(transferFields(ana, { again: false }), { valor: "", conta: "", destino: "101", descricao: "" });
  const unnamed = person(1, "Ana", { ultima_transferencia: { ...last, descricao: "Transferência" } });
  assert.equal(transferFields(unnamed, { again: true }).descricao, "");
});

/** A bank whose answers are given by hand. */
function slowBank() {
  const waiting = [];
  const http = { get: (path) => new Promise((give) => waiting.push({ path, give })) };
  const session = { user: { id: 1 } };
  const contacts = new Contacts({ http, session });
  const answer = async (people) => {
    waiting.splice(0).forEach(({ path, give }) => give(path === "/contatos" ? people : []));
    await new Promise((turn) => setImmediate(turn));
  };
  return { contacts, session, answer, asked: () => waiting.length };
}

test("what changes while the list is being fetched is fetched after it", async () => {
  const { contacts, answer, asked } = slowBank();
  contacts.changed();
  assert.equal(asked(), 0, "nobody has needed the list yet");
  contacts.need();
  contacts.changed();
  await answer([person(1, "Ana")]);
  assert.equal(asked(), 2);
  await answer([person(1, "Ana"), person(2, "Bia")]);
  assert.deepEqual(contacts.people.list.map(({ nome }) => nome), ["Ana", "Bia"]);
  assert.equal(asked(), 0);
});

test("an answer for who has left is shown to nobody", async () => {
  const { contacts, session, answer } = slowBank();
  contacts.need();
  session.user = { id: 2 };
  await answer([person(1, "Ana")]);
  assert.equal(contacts.people.loaded, false);
});
