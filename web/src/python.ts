// Python in a worker, with elfin in it: from the memory that was saved when the page was built, else started.

import type { PyodideAPI } from "pyodide";
import { differ } from "../segments.mjs";
import { fetchPacked, fetchSmall, fetchWell, importPacked, type Progress, streamPacked } from "./fetching";

type LoadOptions = NonNullable<Parameters<typeof import("pyodide").loadPyodide>[0]> & {
  _loadSnapshot?: Uint8Array;
};

const BUILT = "/elfin/elfin/built"; // where elfin looks for what was made beforehand
const EMPTY_ZIP = new Uint8Array([0x50, 0x4b, 5, 6, ...new Array<number>(18).fill(0)]);

/** The streams of Pyodide's Wasm that the browser compiles, and of which the memory is made. */
async function fetchWasm(base: string, progress: Progress): Promise<[ReadableStream, Promise<Uint8Array>]> {
  const [stream, copy] = (await streamPacked(`${base}pyodide/pyodide.asm.wasm`, "Python", progress)).tee();
  return [stream, new Response(copy).arrayBuffer().then((data) => new Uint8Array(data))];
}

/** Python's memory after elfin was imported, if the site has it; else Python is started, and takes its time. */
async function fetchMemory(base: string, wasm: Promise<[unknown, Promise<Uint8Array>]>, progress: Progress) {
  const memory = await fetchSmall(`${base}pyodide/python.snapshot`, "Python's memory", progress).catch(() => null);
  if (memory) differ(memory, await (await wasm)[1]);
  return memory;
}

/** Pyodide's own script. */
async function fetchEngine(base: string, progress: Progress): Promise<LoadOptions["createPyodideModule"]> {
  const module = await importPacked(`${base}pyodide/pyodide.asm.mjs`, "engine", progress);
  return (module as { default: LoadOptions["createPyodideModule"] }).default;
}

/** Pyodide fetches its parts by name: give it those that are stored compressed, as they come. */
function unpackFetches(
  memory: Promise<Uint8Array | null>,
  wasm: Promise<[ReadableStream, unknown]> | undefined,
  progress: Progress,
): void {
  const plain = self.fetch.bind(self);
  self.fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = String(input instanceof Request ? input.url : input);
    const type = (kind: string) => ({ headers: { "content-type": kind } });
    if (url.endsWith(".asm.wasm")) return new Response((await wasm)?.[0], type("application/wasm"));
    if (!url.endsWith("/python_stdlib.zip")) return plain(input, init);
    const data = (await memory) ? EMPTY_ZIP : await fetchPacked(url, "library", progress);
    return new Response(data as BlobPart, type("application/zip"));
  };
}

/** What another worker can start Python with: its engine, compiled, and its memory as it was at the start. */
export interface Started {
  engine?: WebAssembly.Module;
  memory?: Uint8Array;
}

/** Keep the engine that is compiled, or use the one that is known. */
function shareEngine(started: Started): void {
  const compile = WebAssembly.instantiateStreaming;
  WebAssembly.instantiateStreaming = async (source, imports) => {
    const { engine } = started;
    if (engine) return { module: engine, instance: await WebAssembly.instantiate(engine, imports) };
    const made = await compile(source, imports);
    started.engine = made.module;
    return made;
  };
}

/** `started`: of another worker, else it is filled.  `early`: fetch what is imported later at once. */
export async function boot(
  base: string,
  progress: Progress,
  mark: (name: string) => void,
  started: Started,
  early = false,
): Promise<PyodideAPI> {
  const wasm = started.engine ? undefined : fetchWasm(base, progress);
  const memory = wasm ? fetchMemory(base, wasm, progress) : Promise.resolve(started.memory ?? null);
  unpackFetches(memory, wasm, progress);
  shareEngine(started);
  const script = fetchEngine(base, progress);
  const core = fetchPacked(`${base}core.wasm`, "interpreter", progress);
  const { loadPyodide } = (await import(`${base}pyodide/pyodide.mjs`)) as typeof import("pyodide");
  const options: LoadOptions = { indexURL: `${base}pyodide/`, createPyodideModule: await script };
  const snapshot = await memory;
  const rest = early && snapshot ? fetchWell(`${base}pyodide/elfin.zip`).then((r) => r.arrayBuffer()) : null;
  if (snapshot && wasm) started.memory = snapshot;
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
