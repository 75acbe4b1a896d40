// The worker's side of the translator's worker, which starts when a program is hot for the first time, or at once where
// nothing can have been translated ahead.

import type { Started } from "./python";

export type Part = [offset: number, data: Uint8Array<ArrayBuffer>];

/** What the translator's worker is asked: to get ready, and to make a unit of parts of a memory. */
export type TranslatorStart = { base: string; started: Started };
export type TranslatorCall =
  | TranslatorStart
  | { request: string; parts: Part[] };
export type TranslatorAnswer = { made: unknown } | { error: string };

export class Translating {
  private worker: Worker | null = null;

  /** `started`: what it can start with.  `made`: a unit, or null; `failed`: there will be none. */
  constructor(
    private readonly base: string,
    private readonly started: Started,
    private readonly made: (unit: unknown) => void,
    private readonly failed: () => void,
  ) {}

  ask(request: string, parts: Part[]): void {
    this.prepare();
    this.post({ request, parts }, parts.map(([, data]) => data.buffer));
  }

  /** Start, if that has not been done. */
  prepare(): void {
    this.worker ??= this.start();
  }

  private start(): Worker {
    const worker = new Worker(new URL("translator.js", this.base), { type: "module", name: "elfin translator" });
    worker.onmessage = ({ data }: MessageEvent<TranslatorAnswer>) => {
      if ("made" in data) this.made(data.made);
      else this.fail(data.error);
    };
    worker.onerror = (event) => this.fail(event.message);
    const { memory } = this.started; // without it Python is started anew
    const call: TranslatorCall = { base: this.base, started: { ...this.started } };
    worker.postMessage(call, memory ? [memory.buffer] : []);
    this.started.memory = undefined;
    return worker;
  }

  private post(call: TranslatorCall, transfer: Transferable[]): void {
    this.worker!.postMessage(call, transfer);
  }

  /** Programs go on: their worker translates for itself. */
  private fail(why: string): void {
    console.warn(`the translator's worker: ${why}`);
    this.worker?.terminate();
    this.failed();
  }
}
