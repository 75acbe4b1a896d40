// What a page and its worker say to each other.

export type Size = { rows: number; columns: number };

/** A call of the worker: answered by `Answer` with the same `id`. */
export type Call = { id: number; method: string; args: unknown[] };
export type Answer = { id: number; result?: unknown; error?: string };

/** What happens in the worker without being asked for. */
export type Event =
  | { event: "output"; number: number; fd: number; data: Uint8Array }
  | { event: "exit"; number: number; status: number }
  | { event: "progress"; what: string; done: number; total: number }
  | { event: "mark"; name: string; at: number }; // milliseconds since 1970

export type FileRow = { name: string; isFolder: boolean; size: number };

/** The command that an image was packed with. */
export type Start = { argv: string[]; env: Record<string, string>; folder: string; keeps: boolean };
