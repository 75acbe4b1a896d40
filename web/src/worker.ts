// The worker: loads Pyodide and elfin, then answers calls and lets programs run in between.

import type { PyodideAPI } from "pyodide";
import type { PyProxy } from "pyodide/ffi";
import { fetchNow, fetchPacked } from "./fetching";
import type { Answer, Call, Event, Start } from "./messages";

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
  ) {}

  static async create(base: string, image: string | null): Promise<Session> {
    const python = await boot(base);
    const index = image ? await fetchPacked(`${image}index.json`, "image", progress) : undefined;
    const port = {
      output(number: number, fd: number, data: Uint8Array) {
        const copy = data.slice();
        post({ event: "output", number, fd, data: copy }, [copy.buffer]);
      },
      exit: (number: number, status: number) => post({ event: "exit", number, status }),
      chunk: (name: string) => fetchNow(`${image}${name}`),
    };
    const module = python.pyimport("elfin.web.bridge");
    const describe = module.message_of as (error: unknown) => string;
    return new Session(index ? module.Bridge(port, index) : module.Bridge(port), (error) =>
      lastError(python, describe, error),
    );
  }

  call(method: string, args: unknown[]): unknown {
    try {
      switch (method) {
        case "start": {
          const [argv, pairs, folder] = this.bridge.start!() as [string[], string[][], string];
          return { argv, env: Object.fromEntries(pairs), folder } satisfies Start;
        }
        case "run": {
          const [argv, env, folder, size] = args as [string[], Record<string, string>, string, Size?];
          const rows = size?.rows ?? 0;
          return this.bridge.run!(argv, Object.entries(env), folder, rows, size?.columns ?? 0);
        }
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

type Size = { rows: number; columns: number };

/** Pyodide's errors hold a traceback: Python still knows the exception itself. */
function lastError(python: PyodideAPI, describe: (e: unknown) => string, error: unknown): string {
  if (!(error instanceof Error) || error.name !== "PythonError") return String(error);
  const last = python.runPython("import sys; sys.last_exc");
  return describe(last);
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
    } else post({ id, result: session!.call(method, args) });
  } catch (error) {
    post({ id, error: error instanceof Error ? error.message : String(error) });
  }
  wake();
};
