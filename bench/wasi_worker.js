// A WASI program in a worker: first a message with its address, then one with the words of each run.
let module;

function run(words) {
  let memory;
  let printed = "";
  const encoder = new TextEncoder();
  const view = () => new DataView(memory.buffer);
  const strings = words.map((word) => encoder.encode(`${word}\0`));
  const known = {
    args_sizes_get(count, size) {
      view().setUint32(count, strings.length, true);
      view().setUint32(size, strings.reduce((sum, s) => sum + s.length, 0), true);
      return 0;
    },
    args_get(list, at) {
      for (const string of strings) {
        view().setUint32(list, at, true);
        new Uint8Array(memory.buffer, at).set(string);
        list += 4;
        at += string.length;
      }
      return 0;
    },
    environ_sizes_get(count, size) {
      view().setUint32(count, 0, true);
      view().setUint32(size, 0, true);
      return 0;
    },
    clock_time_get(clock, precision, at) {
      view().setBigUint64(at, BigInt(Math.round(performance.now() * 1e6)), true);
      return 0;
    },
    fd_write(fd, list, count, done) {
      let all = 0;
      for (let i = 0; i < count; i++) {
        const at = view().getUint32(list + 8 * i, true);
        const size = view().getUint32(list + 8 * i + 4, true);
        printed += new TextDecoder().decode(new Uint8Array(memory.buffer, at, size));
        all += size;
      }
      view().setUint32(done, all, true);
      return 0;
    },
    proc_exit(status) {
      throw new Ended(status);
    },
  };
  const calls = new Proxy(known, { get: (all, name) => all[name] ?? (() => 0) });
  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: calls });
  memory = instance.exports.memory;
  const start = performance.now();
  let status = 0;
  try {
    instance.exports._start();
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    status = error.status;
  }
  return [printed, (performance.now() - start) / 1000, status];
}

class Ended extends Error {
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}

self.onmessage = async ({ data }) => {
  try {
    if (typeof data === "string") {
      module = await WebAssembly.compile(await (await fetch(data)).arrayBuffer());
      self.postMessage("");
    } else self.postMessage(run(data));
  } catch (error) {
    self.postMessage(String(error));
  }
};
