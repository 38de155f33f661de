import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { lifeOf, Session } from "../../app/web/static/js/models/session.js";
import { MemoryStore } from "./support.js";

const KEY = "saldo-vivo:sessao";
const NOW = 1_000_000_000_000;
const usuario = { id: 7, email: "ana@teste.com", nome: "Ana" };

const tokenOf = (claims) => `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y`;
const token = (ttlS) => tokenOf({ iat: NOW / 1000, exp: NOW / 1000 + ttlS });

let now, store, session, heard;

beforeEach(() => {
  now = NOW;
  store = new MemoryStore();
  session = new Session(store, () => now);
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
  now += 2_700_000;
  assert.equal(session.renewInMs, 0);
  assert.equal(session.expired, false);
  session.renew(token(3600));
  assert.equal(session.renewInMs, 2_700_000);
});

test("an expired token is known to be", () => {
  session.open({ token: token(60), usuario });
  now += 60_000;
  assert.equal(session.expired, true);
});

test("a clock that is hours fast or slow neither ends nor renews a session", () => {
  for (const hours of [-5, 5]) {
    now = NOW + hours * 3_600_000;
    session.open({ token: token(3600), usuario });
    assert.equal(session.expired, false, `${hours} h`);
    assert.equal(session.renewInMs, 2_700_000, `${hours} h`);
  }
});

test("after the clock was put back the token is renewed rather than trusted for too long", () => {
  session.open({ token: token(3600), usuario });
  now -= 7_200_000;
  assert.equal(session.renewInMs, 0);
  assert.equal(session.expired, false);
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

/** Another tab writes to the store, and the browser tells this one. */
function elsewhere(person, next) {
  const before = store.getItem(KEY);
  if (person) store.setItem(KEY, JSON.stringify({ token: next, usuario: person }));
  else store.removeItem(KEY);
  return () => session.changedElsewhere(KEY, before);
}

test("all tabs arrive, renew and leave together", () => {
  elsewhere(usuario, token(60))();
  elsewhere(usuario, token(120))();
  elsewhere(null)();
  session.changedElsewhere("outra", "a");
  assert.deepEqual(heard.map(([name]) => name), ["opened", "renewed", "closed"]);
});

test("another person in another tab ends this one's stay before theirs begins", () => {
  session.open({ token: token(60), usuario });
  const bob = { id: 8, email: "bob@teste.com", nome: "Bob" };
  heard.length = 0;
  const tell = elsewhere(bob, token(90));
  assert.equal(session.token, null, "until the tab was told, it acts for nobody");
  tell();
  assert.deepEqual(heard, [["closed", ""], ["opened", bob]]);
  assert.equal(session.token, token(90));
});

test("a socket that the server drops ends the session only when its token is the one in use", () => {
  session.open({ token: token(60), usuario });
  const old = session.token;
  session.endedByServer("sem_autenticacao", old);
  session.renew(token(120));
  session.endedByServer("expirado", old);
  assert.notEqual(session.token, null);
  session.endedByServer("logout", session.token);
  assert.deepEqual(heard.at(-1), ["closed", "Sua sessão foi encerrada em outro aparelho, ou a senha foi trocada. Entre de novo."]);
  assert.equal(session.token, null);
});

test("what is no token has no life, and a broken store no session", () => {
  assert.equal(lifeOf("abc"), null);
  assert.equal(lifeOf(tokenOf({ sub: "7" })), null);
  store.setItem(KEY, "{");
  assert.equal(session.token, null);
  assert.equal(session.renewInMs, null);
});

test("a refused request ends the session in the words of what happened", () => {
  for (const [code, words] of [["token_revogado", "Sua sessão foi encerrada em outro aparelho, ou a senha foi trocada. Entre de novo."], ["token_expirado", "Sua sessão expirou. Entre de novo."], ["sessao_expirada", "Sua sessão chegou ao fim do seu prazo. Por segurança, entre de novo."]]) {
    session.open({ token: token(60), usuario });
    session.refused(code);
    assert.deepEqual(heard.at(-1), ["closed", words]);
  }
});
