import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Http } from "../../app/web/static/js/lib/http.js";

const ANSWERS = {
  "/429": [429, { "Retry-After": "12" }, { erro: "Muitas tentativas. Aguarde um pouco e tente de novo.", codigo: "muitas_requisicoes" }],
  "/429-longo": [429, { "Retry-After": "125" }, { erro: "Você fez muitas operações em pouco tempo. Aguarde e tente de novo.", codigo: "limite_de_operacoes" }],
  "/429-sem": [429, {}, { erro: "Muitas tentativas. Aguarde um pouco e tente de novo.", codigo: "muitas_requisicoes" }],
  "/503": [503, { "Retry-After": "3" }, { erro: "O serviço está indisponível no momento. Tente de novo em instantes.", codigo: "banco_indisponivel" }],
  "/422": [422, {}, { erro: "Saldo insuficiente.", codigo: "saldo_insuficiente" }],
  "/502": [502, {}, "<html>"],
};

let server, base;
const http = new Http({ token: () => null, refused: () => undefined });

before(async () => {
  server = createServer(({ url }, answer) => {
    const [status, headers, body] = ANSWERS[url];
    answer.writeHead(status, { "Content-Type": "application/json", Connection: "close", ...headers });
    answer.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  base = `http://127.0.0.1:${server.address().port}`;
});

after(() => server.close());

test("who was too fast is told how long to wait", async () => {
  await assert.rejects(http.get(`${base}/429`), { message: "Muitas tentativas. Tente de novo em 12 s.", status: 429, code: "muitas_requisicoes" });
  await assert.rejects(http.get(`${base}/429-longo`), { message: "Você fez muitas operações em pouco tempo. Tente de novo em 3 min." });
  await assert.rejects(http.get(`${base}/429-sem`), { message: "Muitas tentativas. Aguarde um pouco e tente de novo." });
  await assert.rejects(http.get(`${base}/503`), { message: "O serviço está indisponível no momento. Tente de novo em 3 s." });
});

test("a refusal is told as the bank says it, and what is no answer in plain words", async () => {
  await assert.rejects(http.get(`${base}/422`), { message: "Saldo insuficiente.", code: "saldo_insuficiente" });
  await assert.rejects(http.get(`${base}/502`), { message: "O banco não pôde responder agora. Tente de novo em instantes." });
});
