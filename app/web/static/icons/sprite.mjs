// Writes the few Lucide icons that the page uses, named in lucide.txt, as one SVG sprite.
//
//   node sprite.mjs NODE_MODULES > icons.svg
import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(process.argv[2], "lucide-static", "icons");
const names = readFileSync(new URL("lucide.txt", import.meta.url), "utf8").trim().split("\n");
const looks = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';

const symbols = names.map((name) => {
  const svg = readFileSync(join(folder, `${name}.svg`), "utf8");
  const shapes = svg.match(/<svg[^>]*>(.*)<\/svg>/s)?.[1].replace(/\s+/g, " ").trim();
  if (!shapes) throw new Error(`no shapes in the icon ${name}`);
  return `<symbol id="${name}" viewBox="0 0 24 24" ${looks}>${shapes}</symbol>`;
});

process.stdout.write(
  `<!-- Lucide, ISC, see licenses/lucide.txt -->\n<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`,
);
