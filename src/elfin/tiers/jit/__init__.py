"""The translator: hot code becomes Wasm functions with the guest's registers in locals."""
