// Folds and searches as the page does: lines of JSON in, one answer a line out.
import { createInterface } from "node:readline";
import { finds, folded, searchFor } from "../../app/web/static/js/models/search.js";

for await (const line of createInterface({ input: process.stdin })) {
  const { fold, typed, rows } = JSON.parse(line);
  const search = typed === undefined ? null : searchFor(typed);
  const answer = fold === undefined ? rows.map((row) => search === null || finds(search, row)) : fold.map(folded);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
