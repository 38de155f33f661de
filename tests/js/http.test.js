import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Http } from "../../app/web/static/js/lib/http.js";

const answers = {
  "/page": (response) => response.setHeader("Link", '</page?antes=7>; rel="next"').end("[1]"),
  "/last": (response) => response.end("[2]"),
  "/whole": (response) => response.end("a;b"),
  "/broken": (response) => {
    response.write("a;b");
    setImmediate(() => response.destroy());
  },
};
const server = createServer((request, response) => answers[request.url](response));
const http = new Http({ token: () => "t", refused: () => {} });
let base = "";

before(async () => {
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  base = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

test("a page says which one follows", async () => {
  assert.deepEqual(await http.page(`${base}/page`), { body: [1], next: "/page?antes=7" });
  assert.deepEqual(await http.page(`${base}/last`), { body: [2], next: null });
});

test("a file that breaks off is not taken for whole", async () => {
  assert.equal(await (await http.file(`${base}/whole`)).text(), "a;b");
  await assert.rejects(http.file(`${base}/broken`), { message: "O arquivo não chegou inteiro. Tente de novo." });
});
