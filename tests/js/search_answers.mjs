// Folds, searches and filters as the page does: lines of JSON in, one answer a line out.
import { createInterface } from "node:readline";
import { finds, folded, searchFor } from "../../app/web/static/js/models/search.js";
import { matches } from "../../app/web/static/js/models/statement_filter.js";

function answer({ fold, typed, filter, rows }) {
  if (fold !== undefined) return fold.map(folded);
  if (filter !== undefined) return rows.map((row) => matches(row, filter));
  const search = searchFor(typed);
  return rows.map((row) => search === null || finds(search, row));
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
}
