// The worker: loads Pyodide and elfin, then answers calls and lets programs run in between.

import type { PyodideAPI } from "pyodide";
import type { PyProxy } from "pyodide/ffi";
import { fetchNow, fetchPacked } from "./fetching";
import type { Answer, Call, Event, Size, Start } from "./messages";
import { openStore, type Store } from "./store";

type Bridge = PyProxy & Record<string, (...args: unknown[]) => unknown>;

const PACKED = ["pyodide.asm.wasm", "python_stdlib.zip"];
const post = (message: Answer | Event, transfer: Transferable[] = []) =>
  (self as unknown as Worker).postMessage(message, transfer);
const progress = (what: string, done: number, total: number) =>
  post({ event: "progress", what, done, total });

/** Pyodide fetches its parts by name: give it those that are stored compressed. */
function unpackFetches(): void {
  const plain = self.fetch.bind(self);
  self.fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = String(input instanceof Request ? input.url : input);
    const name = PACKED.find((part) => url.endsWith(`/${part}`));
    if (!name) return plain(input, init);
    const type = name.endsWith(".wasm") ? "application/wasm" : "application/zip";
    const data = await fetchPacked(url, name, progress);
    return new Response(data as BlobPart, { headers: { "content-type": type } });
  };
}

async function boot(base: string): Promise<PyodideAPI> {
  unpackFetches();
  const elfin = fetchPacked(`${base}elfin.zip`, "elfin", progress);
  const { loadPyodide } = (await import(`${base}pyodide/pyodide.mjs`)) as typeof import("pyodide");
  const python = await loadPyodide({ indexURL: `${base}pyodide/` });
  python.unpackArchive((await elfin) as unknown as ArrayBuffer, "zip", { extractDir: "/elfin" });
  python.runPython("import sys; sys.path.insert(0, '/elfin')");
  return python;
}

class Session {
  private constructor(
    private readonly bridge: Bridge,
    private readonly describe: (error: unknown) => string,
    private readonly kept: Kept | null,
  ) {}

  static async create(base: string, image: string | null): Promise<Session> {
    const python = await boot(base);
    const index = image ? await fetchPacked(`${image}index.json`, "image", progress) : undefined;
    const kept = image ? new Kept(await openStore(image)) : null;
    const port = {
      output(number: number, fd: number, data: Uint8Array) {
        const copy = data.slice();
        post({ event: "output", number, fd, data: copy }, [copy.buffer]);
      },
      exit: (number: number, status: number) => post({ event: "exit", number, status }),
      chunk: (name: string) => fetchNow(`${image}${name}`),
      put: (name: string, data: Uint8Array) => kept?.put(name, data.slice()),
      remove: (name: string) => kept?.remove(name),
    };
    const module = python.pyimport("elfin.web.bridge");
    const describe = (error: unknown) => lastError(python, module.message_of, error);
    const blobs = await kept?.load();
    try {
      return new Session(index ? module.Bridge(port, index, blobs) : module.Bridge(port), describe, kept);
    } catch (error) {
      throw new Error(describe(error));
    }
  }

  call(method: string, args: unknown[]): unknown {
    try {
      switch (method) {
        case "start": {
          type Row = [string[], string[][], string, boolean];
          const [argv, pairs, folder, keeps] = this.bridge.start!() as Row;
          return { argv, env: Object.fromEntries(pairs), folder, keeps } satisfies Start;
        }
        case "run": {
          const [argv, env, folder, size] = args as [string[], Record<string, string>, string, Size?];
          const rows = size?.rows ?? 0;
          return this.bridge.run!(argv, Object.entries(env), folder, rows, size?.columns ?? 0);
        }
        case "saved":
          return this.kept?.done();
        case "reset":
          return this.kept?.clear();
        default:
          return this.bridge[method]!(...args);
      }
    } catch (error) {
      throw new Error(this.describe(error));
    }
  }

  /** Seconds until there is something to do; null: when a message comes. */
  turn(): number | null {
    const idle = this.bridge.turn!() as number;
    return idle < 0 ? null : idle;
  }
}

/** Pyodide's errors hold a traceback: Python still knows the exception itself. */
function lastError(python: PyodideAPI, describe: (e: unknown) => string, error: unknown): string {
  if (!(error instanceof Error) || error.name !== "PythonError") return String(error);
  const last = python.runPython("import sys; sys.last_exc");
  return describe(last);
}

/** Writes to the store in their order, behind the guest's back. */
class Kept {
  private last: Promise<unknown> = Promise.resolve();
  private closed = false;

  constructor(private readonly store: Store) {}

  load(): Promise<Map<string, Uint8Array>> {
    return this.store.load().catch(() => new Map<string, Uint8Array>());
  }

  put(name: string, data: Uint8Array): void {
    this.after(() => this.store.put(name, data));
  }

  remove(name: string): void {
    this.after(() => this.store.remove(name));
  }

  /** Everything is stored that was changed up to now. */
  async done(): Promise<void> {
    await this.last;
  }

  async clear(): Promise<void> {
    this.closed = true; // a later write would be in the way
    await this.last;
    await this.store.clear();
  }

  private after(work: () => Promise<void>): void {
    if (this.closed) return;
    this.last = this.last.then(work).catch((error: Error) => console.warn(`not kept: ${error.message}`));
  }
}

// -- the loop ---------------------------------------------------------------------------------

let session: Session | null = null;
let wake: () => void = () => {};
const soon = new MessageChannel();

/** Let messages in; then go on at once, after seconds, or when one has come. */
function breathe(seconds: number | null): Promise<void> {
  return new Promise((resolve) => {
    wake = resolve;
    if (seconds === 0) {
      soon.port1.onmessage = () => resolve();
      soon.port2.postMessage(0);
    } else if (seconds !== null) setTimeout(resolve, seconds * 1000);
  });
}

async function drive(): Promise<never> {
  for (;;) await breathe(session!.turn());
}

self.onmessage = async ({ data }: MessageEvent<Call>) => {
  const { id, method, args } = data;
  try {
    if (method === "create") {
      session = await Session.create(...(args as [string, string | null]));
      void drive();
      post({ id });
    } else post({ id, result: await session!.call(method, args) });
  } catch (error) {
    post({ id, error: error instanceof Error ? error.message : String(error) });
  }
  wake();
};
