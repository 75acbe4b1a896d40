// Fetching what was packed: files are stored compressed, and progress is told while they come.

export type Progress = (what: string, done: number, total: number) => void;

/** The bytes of `url`, which is stored as `url`.gz. */
export async function fetchPacked(url: string, what: string, progress: Progress): Promise<Uint8Array> {
  const response = await fetch(`${url}.gz`);
  if (!response.ok || !response.body) throw new Error(`${url}.gz: the server says ${response.status}`);
  const total = Number(response.headers.get("content-length") ?? 0);
  let done = 0;
  const counter = new TransformStream<Uint8Array, BufferSource>({
    transform(piece, out) {
      done += piece.length;
      progress(what, done, total);
      out.enqueue(piece as BufferSource);
    },
  });
  const plain = response.body.pipeThrough(counter).pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
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
