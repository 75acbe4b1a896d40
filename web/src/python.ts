// Python in a worker, with elfin in it: from the memory that was saved when the page was built, else started.

import type { PyodideAPI } from "pyodide";
import { fetchPacked, fetchWell, type Progress, streamPacked } from "./fetching";

type LoadOptions = NonNullable<Parameters<typeof import("pyodide").loadPyodide>[0]> & {
  _loadSnapshot?: Uint8Array;
};

const BUILT = "/elfin/elfin/built"; // where elfin looks for what was made beforehand
const EMPTY_ZIP = new Uint8Array([0x50, 0x4b, 5, 6, ...new Array<number>(18).fill(0)]);

/** Python's memory after elfin was imported, if the site has it; else Python is started, and takes its time. */
async function fetchSnapshot(base: string, progress: Progress): Promise<Uint8Array | null> {
  const url = `${base}pyodide/python.snapshot`;
  return fetchPacked(url, "Python's memory", progress).catch(() => null);
}

/** Pyodide's own script: a module that is stored compressed, too. */
async function fetchEngine(base: string, progress: Progress): Promise<LoadOptions["createPyodideModule"]> {
  const script = await fetchPacked(`${base}pyodide/pyodide.asm.mjs`, "engine", progress);
  const url = URL.createObjectURL(new Blob([script as BlobPart], { type: "text/javascript" }));
  const module = (await import(url)) as { default: LoadOptions["createPyodideModule"] };
  URL.revokeObjectURL(url);
  return module.default;
}

/** Pyodide fetches its parts by name: give it those that are stored compressed, as they come. */
function unpackFetches(base: string, memory: Promise<Uint8Array | null>, compiled: boolean, progress: Progress): void {
  const plain = self.fetch.bind(self);
  const wasm = compiled ? null : streamPacked(`${base}pyodide/pyodide.asm.wasm`, "Python", progress);
  self.fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = String(input instanceof Request ? input.url : input);
    const type = (kind: string) => ({ headers: { "content-type": kind } });
    if (url.endsWith(".asm.wasm")) return new Response(await wasm, type("application/wasm"));
    if (!url.endsWith("/python_stdlib.zip")) return plain(input, init);
    const data = (await memory) ? EMPTY_ZIP : await fetchPacked(url, "library", progress);
    return new Response(data as BlobPart, type("application/zip"));
  };
}

/** Python's engine as it is compiled once: the worker's own, which the translator gets. */
export let engine: WebAssembly.Module | undefined;

function shareEngine(known: WebAssembly.Module | undefined): void {
  engine = known;
  const compile = WebAssembly.instantiateStreaming;
  WebAssembly.instantiateStreaming = async (source, imports) => {
    if (engine) return { module: engine, instance: await WebAssembly.instantiate(engine, imports) };
    const made = await compile(source, imports);
    engine = made.module;
    return made;
  };
}

/** `known`: Python's engine, where another worker has compiled it.  `early`: fetch what is imported later at once. */
export async function boot(
  base: string,
  progress: Progress,
  mark: (name: string) => void,
  known?: WebAssembly.Module,
  early = false,
): Promise<PyodideAPI> {
  const memory = fetchSnapshot(base, progress);
  unpackFetches(base, memory, known !== undefined, progress);
  shareEngine(known);
  const script = fetchEngine(base, progress);
  const core = fetchPacked(`${base}core.wasm`, "interpreter", progress);
  const { loadPyodide } = (await import(`${base}pyodide/pyodide.mjs`)) as typeof import("pyodide");
  const options: LoadOptions = { indexURL: `${base}pyodide/`, createPyodideModule: await script };
  const snapshot = await memory;
  const rest = early && snapshot ? fetchWell(`${base}pyodide/elfin.zip`).then((r) => r.arrayBuffer()) : null;
  mark("fetched");
  const python = await loadPyodide(snapshot ? { ...options, _loadSnapshot: snapshot } : options);
  mark("python");
  if (snapshot) {
    // What is used is in the memory; what is imported later comes out of files that are fetched then.
    const library = (python.FS.readdir("/lib") as string[]).find((name) => name.endsWith(".zip"))!;
    python.FS.unlink(`/lib/${library}`);
    python.FS.createLazyFile("/lib", library, `${base}pyodide/stdlib.zip`, true, false);
    if (rest) python.FS.writeFile("/elfin.zip", new Uint8Array(await rest));
    else python.FS.createLazyFile("/", "elfin.zip", `${base}pyodide/elfin.zip`, true, false);
  } else {
    const elfin = await fetchPacked(`${base}elfin.zip`, "elfin", progress);
    python.unpackArchive(elfin as unknown as ArrayBuffer, "zip", { extractDir: "/elfin" });
    python.runPython("import sys; sys.path.insert(0, '/elfin')");
  }
  python.FS.mkdirTree(BUILT);
  python.FS.writeFile(`${BUILT}/core-profiled.wasm`, await core);
  return python;
}
