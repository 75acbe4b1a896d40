// The worker: loads Pyodide and elfin, then answers calls and lets programs run in between.

import type { PyodideAPI } from "pyodide";
import type { PyProxy } from "pyodide/ffi";
import { fetchNow, fetchPacked, fetchWell } from "./fetching";
import type { Answer, Call, Event, Size, Start } from "./messages";
import { boot, type Started } from "./python";
import { openStore, type Store } from "./store";
import { type Part, Translating } from "./translating";

type Bridge = PyProxy & Record<string, (...args: unknown[]) => unknown>;

const EARLY = 16; // chunks of an image that is fetched whole at the start
const post = (message: Answer | Event, transfer: Transferable[] = []) =>
  (self as unknown as Worker).postMessage(message, transfer);
/** A point on the way to the first prompt, in the timeline of the page. */
const mark = (name: string) => post({ event: "mark", name, at: performance.timeOrigin + performance.now() });
const progress = (what: string, done: number, total: number) =>
  post({ event: "progress", what, done, total });

/** A small image's contents, while Python starts: a guest that reads would wait for each on its own. */
async function fetchEarly(image: string, index: Uint8Array, into: Map<string, Uint8Array>): Promise<void> {
  const { chunks } = JSON.parse(new TextDecoder().decode(index)) as { chunks: string[] };
  if (chunks.length > EARLY) return;
  const fetchOne = async (name: string) =>
    into.set(name, new Uint8Array(await (await fetchWell(`${image}${name}`)).arrayBuffer()));
  await Promise.all(chunks.map(fetchOne));
}

class Session {
  private constructor(
    private readonly bridge: Bridge,
    readonly describe: (error: unknown) => string,
    private readonly kept: Kept | null,
  ) {}

  static async create(base: string, image: string | null): Promise<Session> {
    const fetched = image ? fetchPacked(`${image}index.json`, "image", progress) : undefined;
    const early = new Map<string, Uint8Array>();
    void fetched?.then((index) => fetchEarly(image!, index, early)).catch(() => {});
    const opened = image ? openStore(image) : null;
    mark("worker");
    const started: Started = {};
    const python = await boot(base, progress, mark, started);
    const index = await fetched;
    const store = await opened;
    const kept = store ? new Kept(store) : null;
    const port = {
      output(number: number, fd: number, data: Uint8Array) {
        const copy = data.slice();
        post({ event: "output", number, fd, data: copy }, [copy.buffer]);
      },
      exit: (number: number, status: number) => post({ event: "exit", number, status }),
      chunk(name: string) {
        const data = early.get(name) ?? fetchNow(`${image}${name}`);
        early.delete(name);
        return data;
      },
      put: (name: string, data: Uint8Array) => kept?.put(name, data.slice()),
      remove: (name: string) => kept?.remove(name),
      translate: (request: string, parts: Part[]) => translating.ask(request, parts),
    };
    mark("files");
    const translating = new Translating(
      base,
      started,
      (unit) => {
        session!.bridge.translated!(unit);
        wake();
      },
      () => session!.bridge.translate_here!(),
    );
    const module = python.pyimport("elfin.web.bridge");
    mark("imports");
    const describe = (error: unknown) => lastError(python, module.message_of, error);
    const blobs = await kept?.load();
    if (!image) translating.prepare();
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

  private after(work: () => Promise<void>): void {
    this.last = this.last.then(work).catch((error: Error) => console.warn(`not kept: ${error.message}`));
  }
}

// -- the loop ---------------------------------------------------------------------------------

let session: Session | null = null;
let wake: () => void = () => {};
const soon = new MessageChannel();
let posted = false; // at most one message waits there: each is a turn that others wait for
soon.port1.onmessage = () => {
  posted = false;
  wake();
};

/** Let messages in; then go on at once, after seconds, or when one has come. */
function breathe(seconds: number | null): Promise<void> {
  return new Promise((resolve) => {
    wake = resolve;
    if (seconds === 0 && !posted) {
      posted = true;
      soon.port2.postMessage(0);
    } else if (seconds) setTimeout(resolve, seconds * 1000);
  });
}

async function drive(): Promise<never> {
  for (;;) await breathe(session!.turn());
}

/** An error that is thrown outside of promises is one of the worker, of which the page hears. */
function giveUp(error: unknown): void {
  setTimeout(() => {
    throw new Error(session!.describe(error));
  });
}

self.onmessage = async ({ data }: MessageEvent<Call>) => {
  const { id, method, args } = data;
  try {
    if (method === "create") {
      session = await Session.create(...(args as [string, string | null]));
      mark("machine");
      drive().catch(giveUp);
      post({ id });
    } else post({ id, result: await session!.call(method, args) });
  } catch (error) {
    post({ id, error: error instanceof Error ? error.message : String(error) });
  }
  wake();
};
