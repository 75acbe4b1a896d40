// Fetching what was packed: files are stored compressed, and progress is told while they come.

import { decompress } from "fzstd";

export type Progress = (what: string, done: number, total: number) => void;

/** An answer that has what was asked for. */
export async function fetchWell(url: string): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: the server says ${response.status}`);
  return response;
}

/** The bytes of `url`, which is stored as `url`.gz, as they come. */
export async function streamPacked(
  url: string,
  what: string,
  progress: Progress,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  return counted(await fetchWell(`${url}.gz`), what, progress).pipeThrough(new DecompressionStream("gzip"));
}

function counted(response: Response, what: string, progress: Progress): ReadableStream<BufferSource> {
  const total = Number(response.headers.get("content-length") ?? 0);
  let done = 0;
  const counter = new TransformStream<Uint8Array, BufferSource>({
    transform(piece, out) {
      done += piece.length;
      progress(what, done, total);
      out.enqueue(piece as BufferSource);
    },
  });
  return response.body!.pipeThrough(counter);
}

/** All of them. */
export async function fetchPacked(url: string, what: string, progress: Progress): Promise<Uint8Array> {
  return new Uint8Array(await new Response(await streamPacked(url, what, progress)).arrayBuffer());
}

/** The bytes of `url`, which is stored as `url`.zst: smaller than gzip makes it, but browsers do not unpack it. */
export async function fetchSmall(url: string, what: string, progress: Progress): Promise<Uint8Array> {
  const response = await fetchWell(`${url}.zst`);
  const packed = new Uint8Array(await new Response(counted(response, what, progress)).arrayBuffer());
  return decompress(packed);
}

/** A module that is stored compressed. */
export async function importPacked(url: string, what: string, progress: Progress): Promise<unknown> {
  const script = await fetchPacked(url, what, progress);
  const blob = URL.createObjectURL(new Blob([script as BlobPart], { type: "text/javascript" }));
  const module = (await import(blob)) as unknown;
  URL.revokeObjectURL(blob);
  return module;
}

/** The same, at once: a guest that reads a file cannot wait.  Only workers may do this. */
export function fetchNow(url: string): Uint8Array {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`${url}: the server says ${request.status}`);
  return new Uint8Array(request.response as ArrayBuffer);
}
