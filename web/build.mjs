// Bundles the page's scripts and puts what they need beside them: `node build.mjs DIR`.

import { execFileSync } from "node:child_process";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = process.argv[2] ?? `${here}dist`;
const PYODIDE = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"];

await mkdir(`${out}/pyodide`, { recursive: true });
await build({
  entryPoints: ["page", "screen", "elfin", "worker", "translator"].map((name) => `${here}src/${name}.ts`),
  outdir: out,
  bundle: true,
  splitting: false,
  format: "esm",
  target: "es2022",
  minify: true,
  external: ["*pyodide.mjs"],
  logLevel: "warning",
});
// The API's types, for authors.
const types = `${out}/types`;
const emit = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--stripInternal", "--outDir", types];
execFileSync(process.execPath, [`${here}node_modules/typescript/bin/tsc`, "-p", here, "--rootDir", `${here}src`, ...emit]);
for (const name of ["elfin", "messages"]) await cp(`${types}/${name}.d.ts`, `${out}/${name}.d.ts`);
await rm(types, { recursive: true });
for (const name of PYODIDE) await cp(`${here}node_modules/pyodide/${name}`, `${out}/pyodide/${name}`);
const lock = JSON.parse(await readFile(`${here}node_modules/pyodide/pyodide-lock.json`, "utf8"));
await writeFile(`${out}/pyodide/pyodide-lock.json`, JSON.stringify({ ...lock, packages: {} })); // none is used
await cp(`${here}static/index.html`, `${out}/index.html`);
const xterm = await readFile(`${here}node_modules/@xterm/xterm/css/xterm.css`, "utf8");
await writeFile(`${out}/page.css`, xterm + (await readFile(`${here}static/page.css`, "utf8")));
