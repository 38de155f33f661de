import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat } from "../../app/web/static/js/models/chat.js";
import { EventStream } from "../../app/web/static/js/models/event_stream.js";
import { randomFrom } from "./support.js";
import { TinyChat } from "./tiny_chat.js";

const OTHERS = [2, 3, 4];

/** What the person sees. */
function shown(chat) {
  const conversations = chat.list.map(({ other, name, unread, readTo, theirReadTo, theirReceivedTo, last, history }) => ({
    other, name, unread, readTo, theirReadTo, theirReceivedTo, last, messages: history.list,
  }));
  return { unread: chat.unread, conversations };
}

function newest(chat, server, other, load = chat.begin()) {
  const { more, ...page } = server.page(other);
  return () => chat.loadPage(load, other, page, (history, rows) => history.replace(rows, { hasOlder: more, hasNewer: false }));
}

function fetched(server) {
  const chat = new Chat();
  chat.load(chat.begin(), server.conversations);
  OTHERS.forEach((other) => newest(chat, server, other)());
  return chat;
}

function act(server, random) {
  const other = OTHERS[Math.floor(random() * OTHERS.length)];
  const acts = [
    () => server.send(other, server.me), () => server.send(other, server.me), () => server.send(server.me, other),
    () => server.change(other, random), () => server.read(other, random), () => server.readByOther(other, random),
  ];
  acts[Math.floor(random() * acts.length)]();
}

/** Something is asked, and answered while events go on: some of them before the answer comes, some that it holds after it. */
function ask(chat, server, random) {
  const load = chat.begin();
  const dice = random();
  if (dice < 0.2) return () => chat.drop(load);
  if (dice < 0.5) {
    const answer = structuredClone(server.conversations);
    return () => chat.load(load, answer);
  }
  const other = OTHERS[Math.floor(random() * OTHERS.length)];
  const { history } = chat.of(other);
  const before = history.oldestId;
  if (dice < 0.6 || !history.loaded) return newest(chat, server, other, load);
  const { more, ...page } = server.page(other, { before, limit: 5 });
  return () => chat.loadPage(load, other, page, (run, rows) => run.addOlder(rows, { before, hasOlder: more }));
}

test("events and answers in any order show what a fresh fetch shows, from whatever moment on", () => {
  for (let seed = 1; seed <= 150; seed += 1) {
    const random = randomFrom(seed);
    const server = new TinyChat(OTHERS);
    for (let n = Math.floor(random() * 20); n > 0; n -= 1) act(server, random);
    const chat = new Chat();
    let told = server.events.length;
    const hear = () => told < server.events.length && chat.receive(...server.events[told++]);
    const answers = [];
    for (let n = 0; n < 60; n += 1) {
      act(server, random);
      if (random() < 0.25) answers.push(ask(chat, server, random));
      if (random() < 0.6) hear();
      if (random() < 0.25) answers.shift()?.();
    }
    answers.forEach((answer) => answer());
    // As a page does once it is live: the list, then what is open.
    const list = chat.begin();
    const conversations = structuredClone(server.conversations);
    act(server, random);
    chat.load(list, conversations);
    const pages = OTHERS.map((other) => newest(chat, server, other));
    act(server, random);
    while (told < server.events.length) hear();
    pages.forEach((page) => page());
    assert.deepEqual(shown(chat), shown(fetched(server)), `seed ${seed}`);
  }
});

test("what is lost on the way is asked for, and nothing is told or counted twice", () => {
  const server = new TinyChat([2]);
  for (let n = 0; n < 5; n += 1) server.send(2, 1, `m${n}`);
  const chat = new Chat();
  const arrived = [];
  chat.on("arrived", ({ texto }) => arrived.push(texto));
  const replay = (since) => server.events.slice(since).forEach(([name, event]) => stream.receive(name, event));
  const stream = new EventStream({ deliver: (name, event) => chat.receive(name, event), ask: replay });
  stream.authenticated({ seq: 0, epoca: 1, recuperado: false });
  [0, 3, 3, 1].forEach((n) => stream.receive(...server.events[n]));
  assert.deepEqual(arrived, ["m0", "m1", "m2", "m3", "m4"]);
  assert.equal(chat.unread, 5);
});

test("an own message is no news, and is there as soon as the bank has acknowledged it", () => {
  const server = new TinyChat([2]);
  const theirs = server.send(2, 1);
  const chat = fetched(server);
  const arrived = [];
  chat.on("arrived", () => arrived.push(1));
  const late = server.send(2, 1, "antes da minha");
  const mine = server.send(1, 2, "minha", "c1");
  chat.sent(mine);
  assert.equal(chat.of(2).last.texto, "minha");
  chat.receive(...server.events[1]);
  assert.equal(chat.of(2).last.texto, "minha");
  chat.receive(...server.events[2]);
  assert.equal(chat.unread, 2, "the one that the acknowledgement overtook counts");
  assert.deepEqual(chat.of(2).history.list.map(({ mensagem_id: id }) => id), [theirs, late, mine].map(({ mensagem_id: id }) => id));
  assert.equal(arrived.length, 1);
});

test("an own message is sent, then delivered, then read, and never goes back", () => {
  const server = new TinyChat([2]);
  const mine = server.send(1, 2);
  const chat = fetched(server);
  const told = (lida_ate, recebida_ate) => {
    chat.receive("chat_lida", { conversa: 2, usuario_id: 2, lida_ate, recebida_ate });
    return chat.of(2).tickOf(mine);
  };
  assert.deepEqual([told(0, 0), told(0, 1), told(1, 1), told(0, 1)], ["enviada", "recebida", "lida", "lida"]);
});

test("what arrives while an old message is looked at does not join it, and is found by going on", () => {
  const server = new TinyChat([2]);
  for (let n = 0; n < 30; n += 1) server.send(2, 1, `m${n}`);
  const chat = fetched(server);
  const { history } = chat.of(2);
  history.replace(server.page(2, { before: 11, limit: 5 }).mensagens, { hasOlder: true, hasNewer: true });
  server.send(2, 1, "nova");
  chat.receive(...server.events.at(-1));
  assert.deepEqual([history.newestId, chat.of(2).last.texto, chat.unread], [10, "nova", 31]);
  while (history.hasNewer) {
    const after = history.newestId;
    const { mensagens, more } = server.page(2, { after, limit: 8 });
    history.addNewer(mensagens, { after, hasNewer: more });
  }
  assert.deepEqual(history.list.map(({ mensagem_id: id }) => id), Array.from({ length: 26 }, (_, n) => n + 6));
});

test("a page that no longer joins what is shown is passed over", () => {
  const server = new TinyChat([2]);
  for (let n = 0; n < 60; n += 1) server.send(2, 1);
  const { history } = fetched(server).of(2);
  const late = server.page(2, { before: history.oldestId, limit: 5 }).mensagens;
  const asked = { before: history.oldestId, hasOlder: true };
  history.replace(server.page(2, { before: 11, limit: 5 }).mensagens, { hasOlder: true, hasNewer: true });
  history.addOlder(late, asked);
  history.addNewer(late, { after: 60, hasNewer: false });
  assert.deepEqual([history.oldestId, history.newestId, history.hasNewer], [6, 10, true]);
});

test("conversations beyond the list count too, once", () => {
  const server = new TinyChat([2, 3]);
  [2, 2, 3].forEach((other) => server.send(other, 1));
  const short = () => ({ conversas: server.conversations.conversas.filter(({ usuario_id: id }) => id === 3), nao_lidas: server.conversations.nao_lidas });
  const chat = new Chat();
  chat.load(chat.begin(), short());
  assert.equal(chat.unread, 3);
  chat.on("unknown", () => chat.load(chat.begin(), server.conversations));
  server.send(2, 1);
  chat.receive(...server.events.at(-1));
  assert.equal(chat.unread, 4);
});
