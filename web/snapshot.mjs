// Python as it is after elfin was imported, as a file: `node snapshot.mjs PYODIDE ELFIN.ZIP`.
//
// Input:  Pyodide's folder, and elfin's sources. Output, in that folder: `python.snapshot.zst` (the memory that a page
// starts with instead of starting Python, without what Pyodide's Wasm puts there), `stdlib.zip` and `elfin.zip`
// (compiled, for what is imported later).

import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import { differ } from "./segments.mjs";

const [folder, sources] = process.argv.slice(2);
const place = resolve(folder);
const { loadPyodide } = await import(pathToFileURL(`${place}/pyodide.mjs`).href);

// No docstrings, no line numbers: a tenth of what a visitor fetches; no asserts either: they found their errors
// in the tests.
const COMPILE = `
import importlib._bootstrap_external as importing
import io, types, zipfile
from compression import zstd

def bare(code):
    consts = tuple(bare(x) if isinstance(x, types.CodeType) else x for x in code.co_consts)
    return code.replace(co_linetable=b"", co_consts=consts)

def packed(data):
    return zstd.compress(data.to_bytes(), options={
        zstd.CompressionParameter.compression_level: 19,
        zstd.CompressionParameter.window_log: 25,
    })

def compiled(data):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            body = old.read(name)
            if name.endswith(".py"):
                code = compile(body, name, "exec", dont_inherit=True, optimize=2)
                name, body = name + "c", importing._code_to_hash_pyc(bare(code), bytes(8), False)
            new.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), body, zipfile.ZIP_DEFLATED)
    return out.getvalue()

compiled, packed
`;
// What elfin does not name but Python needs to say what went wrong, and what programs' files may need.
const IMPORT = `
import sys
sys.path.insert(0, "/elfin")
import elfin.hosts.browser, elfin.web.bridge
import encodings.ascii, encodings.latin_1, encodings.idna, linecache, traceback
# The translator is as large as all the rest: it is imported from a file when a program is hot.
for name, module in list(sys.modules.items()):
    if name.partition(".")[0] == "elfin" and hasattr(module, "__path__"):
        module.__path__.append(f"/elfin.zip/{name.replace('.', '/')}")
import gc
gc.collect()
gc.freeze()  # none of it ever becomes garbage: not to be looked at in every page
`;

async function main() {
  const compiler = await loadPyodide({ indexURL: place });
  const [compile, pack] = compiler.runPython(COMPILE);
  const bytes = async (path) => compiler.toPy(new Uint8Array(await readFile(path)));
  const elfin = compile(await bytes(sources)).toJs();
  await writeFile(`${place}/elfin.zip`, elfin);
  await writeFile(`${place}/stdlib.zip`, compile(await bytes(`${place}/python_stdlib.zip`)).toJs());

  const python = await loadPyodide({ indexURL: place, stdLibURL: `${place}/stdlib.zip`, _makeSnapshot: true });
  python.unpackArchive(elfin, "zip", { extractDir: "/elfin" });
  python.runPython(IMPORT);
  const snapshot = python.makeMemorySnapshot();
  differ(snapshot, await readFile(`${place}/pyodide.asm.wasm`));
  await writeFile(`${place}/python.snapshot.zst`, pack(snapshot).toJs());
}

// Not the stack: its first line is the whole of Pyodide's script.
await main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
