import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { lifeOf, Session } from "../../app/web/static/js/models/session.js";
import { MemoryStore } from "./support.js";

const NOW = 1_000_000_000_000;
const usuario = { id: 7, email: "ana@teste.com", nome: "Ana" };

const tokenOf = (claims) => `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y`;
const token = (ttlS, issuedMsAgo = 0) => {
  const iat = (NOW - issuedMsAgo) / 1000;
  return tokenOf({ iat, exp: iat + ttlS });
};

let store, session, heard;

beforeEach(() => {
  store = new MemoryStore();
  session = new Session(store, () => NOW);
  heard = [];
  ["opened", "renewed", "closed"].forEach((name) => session.on(name, (value) => heard.push([name, value])));
});

test("a session survives a reload", () => {
  session.open({ token: token(3600), usuario });
  const reloaded = new Session(store, () => NOW);
  assert.equal(reloaded.token, session.token);
  assert.deepEqual(reloaded.user, usuario);
});

test("it is renewed at three quarters of the token's life", () => {
  session.open({ token: token(3600), usuario });
  assert.equal(session.renewInMs, 2_700_000);
  session.renew(token(3600, 3_000_000));
  assert.equal(session.renewInMs, 0);
  assert.equal(session.expired, false);
});

test("an expired token is known to be", () => {
  session.open({ token: token(60, 61_000), usuario });
  assert.equal(session.expired, true);
});

test("renewing keeps the person and tells the others", () => {
  session.open({ token: token(60), usuario });
  const next = token(120);
  session.renew(next);
  assert.deepEqual(session.user, usuario);
  assert.deepEqual(heard.at(-1), ["renewed", next]);
});

test("after the end a late renewal opens nothing", () => {
  session.open({ token: token(60), usuario });
  session.close("fim");
  session.renew(token(60));
  assert.equal(session.token, null);
  assert.deepEqual(heard.at(-1), ["closed", "fim"]);
});

test("all tabs arrive, renew and leave together", () => {
  const saved = JSON.stringify({ token: token(60), usuario });
  store.setItem("saldo-vivo:sessao", saved);
  session.changedElsewhere("saldo-vivo:sessao", null, saved);
  session.changedElsewhere("saldo-vivo:sessao", saved, saved);
  session.changedElsewhere("saldo-vivo:sessao", saved, null);
  session.changedElsewhere("outra", "a", "b");
  assert.deepEqual(heard.map(([name]) => name), ["opened", "renewed", "closed"]);
});

test("a socket that the server drops ends the session only when its token is the one in use", () => {
  session.open({ token: token(60), usuario });
  const old = session.token;
  session.endedByServer("sem_autenticacao", old);
  session.renew(token(120));
  session.endedByServer("expirado", old);
  assert.notEqual(session.token, null);
  session.endedByServer("logout", session.token);
  assert.deepEqual(heard.at(-1), ["closed", "Sua sessão foi encerrada."]);
  assert.equal(session.token, null);
});

test("what is no token has no life, and a broken store no session", () => {
  assert.equal(lifeOf("abc"), null);
  assert.equal(lifeOf(tokenOf({ sub: "7" })), null);
  store.setItem("saldo-vivo:sessao", "{");
  assert.equal(session.token, null);
  assert.equal(session.renewInMs, null);
});
