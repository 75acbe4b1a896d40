export function differ(snapshot: Uint8Array, wasm: Uint8Array): void;
