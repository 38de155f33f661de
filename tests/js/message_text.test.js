import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf } from "../../app/web/static/js/models/message_line.js";
import { daysOf, isChangeable, lengthOf, partsOf } from "../../app/web/static/js/models/message_text.js";

const links = (text) => partsOf(text).filter(({ href }) => href !== null).map(({ text: shown }) => shown);

test("addresses are told apart from the words around them, and nothing of the text is lost", () => {
  const text = "Veja (https://exemplo.com/a?b=1), e http://outro.org. Não é https:// nada";
  assert.deepEqual(links(text), ["https://exemplo.com/a?b=1", "http://outro.org"]);
  assert.equal(partsOf(text).map((part) => part.text).join(""), text);
});

test("only http and https are addresses, and none that looks like another one's", () => {
  for (const text of ["javascript:alert(1)", "data:text/html,x", "ftp://a.b", "//a.b", "https://banco.com@mau.com/", "https://a.b\u202e/moc"]) {
    assert.deepEqual(links(text).filter((link) => link !== "https://a.b"), [], text);
  }
  assert.equal(partsOf("HTTPS://A.B/<script>")[0].href, "https://a.b/");
});

test("characters are counted as the bank counts them", () => {
  assert.deepEqual(["  a ", "👍🏽", "e\u0301"].map(lengthOf), [1, 2, 1]);
});

test("a message in one line says who moved or asked for what", () => {
  const of = (fields) => lineOf({ tipo: "texto", texto: "Oi", apagada: false, valor: null, de: 2, ...fields }, 1).replace(/\u00a0/g, " ");
  assert.equal(of({}), "Oi");
  assert.equal(of({ apagada: true, texto: "" }), "Mensagem apagada");
  assert.equal(of({ tipo: "transferencia", valor: 12.5 }), "Você recebeu R$ 12,50");
  assert.equal(of({ tipo: "transferencia", valor: 12.5, de: 1 }), "Você enviou R$ 12,50");
  assert.equal(of({ tipo: "cobranca", valor: 12.5, de: 1 }), "Você cobrou R$ 12,50");
});

test("only an own text may be changed, for a quarter of an hour", () => {
  const message = { de: 1, tipo: "texto", apagada: false, timestamp: "2026-11-23T12:00:00Z" };
  const at = (clock, fields = {}) => isChangeable({ ...message, ...fields }, 1, Date.parse(`2026-11-23T${clock}Z`));
  assert.deepEqual([at("12:14:59"), at("12:15:00"), at("12:01:00", { de: 2 }), at("12:01:00", { tipo: "cobranca" }), at("12:01:00", { apagada: true })], [true, false, false, false, false]);
});

test("messages stand under their days, which are the bank's", () => {
  const days = daysOf(["2026-11-23T12:00:00Z", "2026-11-24T02:59:00Z", "2026-11-24T03:00:00Z"].map((timestamp) => ({ timestamp })));
  assert.deepEqual(days.map(({ day, messages }) => [day, messages.length]), [["2026-11-23", 2], ["2026-11-24", 1]]);
});
