// Linux programs in a page: the API for authors.
//
//   const vm = await Elfin.create({ image: "image/" });
//   const p = await vm.run(["/bin/busybox", "echo", "hi"], { onStdout: (bytes) => ... });
//   console.log(await p.exit);

import { forget } from "./store";
import type { Answer, Call, Event, FileRow, Size, Start } from "./messages";

export type { FileRow, Size, Start };

export interface CreateOptions {
  /** Folder of a packed image, made by `elfin pack`; without one the tree is empty. */
  image?: string | URL;
  /** Files to put into the tree: text, bytes, or whatever `fetch` gives. */
  files?: Record<string, string | Uint8Array | ArrayBuffer | Blob>;
  /** Where elfin's own files are; next to this module if not said. */
  base?: string | URL;
  /** Told while things load: what, bytes so far, bytes in all (0: not known). */
  onProgress?: (what: string, done: number, total: number) => void;
}

export interface RunOptions {
  stdin?: string | Uint8Array | ReadableStream<Uint8Array>;
  env?: Record<string, string>;
  cwd?: string;
  /** Give the program a terminal of this size instead of three streams. */
  terminal?: Size;
  onStdout?: (data: Uint8Array) => void;
  onStderr?: (data: Uint8Array) => void;
}

/** A program that runs, or has run. */
export class Program {
  /** Its exit status, or minus the signal that ended it; rejects if the machine itself fails. */
  readonly exit: Promise<number>;
  /** @internal */
  ended!: (status: number) => void;
  /** @internal */
  failed!: (error: Error) => void;

  constructor(
    private readonly vm: Elfin,
    readonly number: number,
    /** @internal */ readonly options: RunOptions,
  ) {
    this.exit = new Promise((resolve, reject) => {
      this.ended = resolve;
      this.failed = reject;
    });
  }

  /** Type to it. */
  write(data: string | Uint8Array): void {
    this.vm.tell("feed", this.number, bytes(data));
  }

  /** No more input comes. */
  endInput(): void {
    this.vm.tell("end_input", this.number);
  }

  resize({ rows, columns }: Size): void {
    this.vm.tell("resize", this.number, rows, columns);
  }

  /** End it and all it started. */
  kill(): void {
    this.vm.tell("kill", this.number);
  }
}

/** Files of the guest. */
export class Files {
  constructor(private readonly vm: Elfin) {}

  readFile(path: string): Promise<Uint8Array> {
    return this.vm.call("read_file", path);
  }

  /** Make or replace a file and the folders it stands in. */
  async writeFile(
    path: string,
    data: string | Uint8Array | ArrayBuffer | Blob,
    mode = 0o644,
  ): Promise<void> {
    const whole = data instanceof Blob ? await data.arrayBuffer() : data;
    await this.vm.call("write_file", path, bytes(whole), mode);
  }

  /** Put what is in a tar archive into the tree, at its root. */
  async unpack(archive: Uint8Array | ArrayBuffer | Blob): Promise<void> {
    await this.vm.call("unpack", bytes(archive instanceof Blob ? await archive.arrayBuffer() : archive));
  }

  async readFolder(path: string): Promise<FileRow[]> {
    const rows = await this.vm.call<[string, boolean, number][]>("names", path);
    return rows.map(([name, isFolder, size]) => ({ name, isFolder, size }));
  }

  async makeFolder(path: string): Promise<void> {
    await this.vm.call("make_folder", path);
  }

  async remove(path: string): Promise<void> {
    await this.vm.call("remove", path);
  }
}

/** One machine: a tree of files and the programs that run in it, in a worker of their own. */
export class Elfin {
  readonly fs = new Files(this);
  private readonly waiting = new Map<number, { done: (r: unknown) => void; failed: (e: Error) => void }>();
  private readonly programs = new Map<number, Program>();
  /** Events of programs whose `run` has not returned yet. */
  private early: Event[] = [];
  private next = 1;
  private stopped = false;

  private constructor(
    private readonly worker: Worker,
    private readonly image: string | null,
    private readonly onProgress: CreateOptions["onProgress"],
  ) {
    worker.onmessage = ({ data }: MessageEvent<Answer | Event>) => this.hear(data);
    worker.onerror = (event) => this.broken(new Error(event.message || "the worker could not start"));
  }

  static async create(options: CreateOptions = {}): Promise<Elfin> {
    const missing = whatIsMissing();
    if (missing) throw new Error(`this browser is too old: it has no ${missing}`);
    const base = new URL(options.base ?? ".", import.meta.url);
    const worker = new Worker(new URL("worker.js", base), { type: "module", name: "elfin" });
    const image = options.image === undefined ? null : new URL(options.image, location.href).href;
    const vm = new Elfin(worker, image, options.onProgress);
    await vm.call("create", base.href, image);
    for (const [path, data] of Object.entries(options.files ?? {})) await vm.fs.writeFile(path, data, 0o755);
    return vm;
  }

  /** The command that the image was packed with. */
  start(): Promise<Start> {
    return this.call("start");
  }

  /** Forget what was kept of the image's folders; the machine is of no use afterwards. */
  async reset(): Promise<void> {
    this.stop();
    if (this.image) await forget(this.image);
  }

  /** Start a program; rejects in one line if it cannot be. */
  async run(argv: string[], options: RunOptions = {}): Promise<Program> {
    const env = options.env ?? { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/", TERM: "xterm-256color" };
    const number = await this.call<number>("run", argv, env, options.cwd ?? "/", options.terminal);
    const program = new Program(this, number, options);
    this.programs.set(number, program);
    const early = this.early;
    this.early = [];
    for (const event of early) this.happened(event);
    if (options.stdin !== undefined) void feed(program, options.stdin);
    return program;
  }

  /** End everything at once, an endless loop too. */
  stop(): void {
    this.stopped = true;
    this.worker.terminate();
    for (const program of this.programs.values()) program.ended(-9);
    this.fail(new Error("the machine was stopped"));
  }

  /** @internal */
  call<T = unknown>(method: string, ...args: unknown[]): Promise<T> {
    if (this.stopped) return Promise.reject(new Error("the machine was stopped"));
    const id = this.next++;
    return new Promise<T>((done, failed) => {
      this.waiting.set(id, { done: done as (r: unknown) => void, failed });
      this.worker.postMessage({ id, method, args } satisfies Call);
    });
  }

  private hear(message: Answer | Event): void {
    if ("event" in message) {
      this.happened(message);
      return;
    }
    const call = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.error === undefined) call?.done(message.result);
    else call?.failed(new Error(message.error));
  }

  /** @internal A call whose answer nobody awaits: to a machine that was stopped meanwhile it means nothing. */
  tell(method: string, ...args: unknown[]): void {
    this.call(method, ...args).catch(() => {});
  }

  private happened(event: Event): void {
    if (event.event === "progress") {
      this.onProgress?.(event.what, event.done, event.total);
      return;
    }
    if (event.event === "mark") {
      performance.mark(`elfin: ${event.name}`, { startTime: Math.max(0, event.at - performance.timeOrigin) });
      return;
    }
    const program = this.programs.get(event.number);
    if (!program) {
      this.early.push(event);
    } else if (event.event === "exit") {
      this.programs.delete(event.number);
      program.ended(event.status);
    } else if (event.fd === 2) program.options.onStderr?.(event.data);
    else program.options.onStdout?.(event.data);
  }

  /** The machine does not go on. */
  private broken(error: Error): void {
    for (const program of this.programs.values()) program.failed(error);
    this.fail(error);
  }

  private fail(error: Error): void {
    for (const { failed } of this.waiting.values()) failed(error);
    this.waiting.clear();
  }
}

function bytes(data: string | Uint8Array | ArrayBuffer): Uint8Array {
  if (typeof data === "string") return new TextEncoder().encode(data);
  return data instanceof Uint8Array ? data : new Uint8Array(data);
}

async function feed(program: Program, source: string | Uint8Array | ReadableStream<Uint8Array>) {
  if (source instanceof ReadableStream) {
    const reader = source.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) program.write(piece.value);
  } else program.write(source);
  program.endInput();
}

/** The first thing that this browser lacks, in words. */
export function whatIsMissing(): string | null {
  if (typeof WebAssembly === "undefined") return "WebAssembly";
  if (typeof DecompressionStream === "undefined") return "DecompressionStream";
  // (module (func (result v128) (v128.const i64x2 0 0))): SIMD
  const simd = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 22, 1, 20, 0, 253, 12];
  const module = new Uint8Array([...simd, ...new Array<number>(16).fill(0), 11]);
  return WebAssembly.validate(module) ? null : "SIMD in WebAssembly";
}
