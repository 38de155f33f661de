#!/usr/bin/env bash
# Copies the third-party files that the page loads and the PDFs embed, and their licences, out of node_modules.
#
#   deploy/vendor.sh NODE_MODULES ICONS TARGET     ICONS has the list of icons and what makes a sprite of them;
#                                                  TARGET is replaced
set -euo pipefail

modules=$1
icons=$2
target=$3
fresh=$target.new

rm -rf "$fresh"
mkdir -p "$fresh/licenses"

cp "$modules/socket.io-client/dist/socket.io.esm.min.js" "$fresh/"
cp "$modules/@picocss/pico/css/pico.min.css" "$fresh/"
# uPlot has a small build only as a script: with an export behind it, it is a module of half the size of theirs.
{ cat "$modules/uplot/dist/uPlot.iife.min.js"; echo 'export default uPlot;'; } >"$fresh/uPlot.esm.min.js"
cp "$modules/uplot/dist/uPlot.min.css" "$fresh/"
cp "$modules/swagger-ui-dist/swagger-ui.css" "$modules/swagger-ui-dist/swagger-ui-bundle.js" "$fresh/"
node "$icons/sprite.mjs" "$modules" >"$fresh/icons.svg"
# For the server's PDFs: small slices of one family, and a font of nearly every character for the rest.
mkdir "$fresh/fonts"
cp "$modules"/@fontsource/noto-sans/files/noto-sans-*-400-normal.woff "$fresh/fonts/"
cp "$modules/@fontsource/noto-sans/files/noto-sans-latin-700-normal.woff" "$fresh/fonts/"
cp "$modules/@fontsource/unifontex/files/unifontex-latin-400-normal.woff" "$fresh/fonts/unifontex.woff"

cp "$modules/socket.io-client/LICENSE" "$fresh/licenses/socket.io-client.txt"
cp "$modules/@picocss/pico/LICENSE.md" "$fresh/licenses/pico.txt"
cp "$modules/uplot/LICENSE" "$fresh/licenses/uplot.txt"
cp "$modules/lucide-static/LICENSE" "$fresh/licenses/lucide.txt"
cp "$modules/@fontsource/noto-sans/LICENSE" "$fresh/licenses/noto-sans.txt"
cp "$modules/@fontsource/unifontex/LICENSE" "$fresh/licenses/unifontex.txt"
cp "$modules/swagger-ui-dist/LICENSE" "$fresh/licenses/swagger-ui.txt"
cp "$modules/swagger-ui-dist/NOTICE" "$fresh/licenses/swagger-ui-notice.txt"
cp "$modules/swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt" "$fresh/licenses/swagger-ui-bundle.txt"

rm -rf "$target"
mv "$fresh" "$target"
