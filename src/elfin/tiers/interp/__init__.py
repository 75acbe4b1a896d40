"""The interpreter: one Wasm function that decodes and executes, generated from rows and meanings."""
