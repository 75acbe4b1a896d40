// What a Wasm module puts into its memory.

/** Call `each(place in the module, address, size)` for the data segments of a module. */
export function dataSegments(wasm, each) {
  let at = 8;
  const unsigned = () => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = wasm[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < wasm.length) {
    const [section, size] = [wasm[at++], unsigned()];
    const end = at + size;
    if (section === 11) {
      for (let left = unsigned(); left > 0; left--) {
        if (unsigned() !== 0 || wasm[at++] !== 0x41) throw new Error("a data segment that has no constant place");
        const address = unsigned(); // i32.const has a sign, which addresses below 64 MiB do not show
        at++; // end
        const length = unsigned();
        each(at, address, length);
        at += length;
      }
    }
    at = end;
  }
}

/** The difference between memory and what the module puts there; done twice, it is the memory again. */
export function differ(snapshot, wasm) {
  const [start] = new Uint32Array(snapshot.slice(4, 8).buffer); // where memory begins in a snapshot of Pyodide's
  dataSegments(wasm, (from, to, size) => {
    for (let i = 0; i < size; i++) snapshot[start + to + i] ^= wasm[from + i];
  });
}
