"""What the engine makes and we own: freed when Python does not need it any more.

Input and output: pointers of `wasmtime_c`.
"""

from __future__ import annotations

from ctypes import byref, c_void_p, string_at

from elfin.hosts.wasmtime_c import I32, C, Extern, Vector, check, taken

WASI = b"wasi_snapshot_preview1"
CLOCK = b"clock_time_get"


class Engine:
    """An engine with settings, and what all its stores need of it."""

    def __init__(self, config: int) -> None:
        self.pointer = C.wasm_engine_new_with_config(config)
        self.linker = C.wasmtime_linker_new(self.pointer)
        check(C.wasmtime_linker_define_wasi(self.linker))
        self.index_type = C.wasm_globaltype_new(C.wasm_valtype_new(I32), 0)

    def clock(self, store: Store) -> Extern:
        """WASI's clock, for the store's instances."""
        found = Extern()
        known = C.wasmtime_linker_get(
            self.linker, store.context, WASI, len(WASI), CLOCK, len(CLOCK), byref(found)
        )
        assert known
        return found

    def __del__(self) -> None:
        C.wasm_globaltype_delete(self.index_type)
        C.wasmtime_linker_delete(self.linker)
        C.wasm_engine_delete(self.pointer)


class Module:
    """A compiled module."""

    def __init__(self, pointer: c_void_p) -> None:
        self.pointer = pointer
        self.imports = self._imports()

    def _imports(self) -> list[str]:
        """The names of what it imports."""
        vector = Vector()
        C.wasmtime_module_imports(self.pointer, byref(vector))
        kinds = (c_void_p * vector.size).from_address(vector.data) if vector.data else ()
        names = [Vector.from_address(C.wasm_importtype_name(kind)) for kind in kinds]
        found = [string_at(name.data or 0, name.size).decode() for name in names]
        C.wasm_importtype_vec_delete(byref(vector))
        return found

    def serialize(self) -> bytes:
        vector = Vector()
        check(C.wasmtime_module_serialize(self.pointer, byref(vector)))
        return taken(vector)

    def __del__(self) -> None:
        C.wasmtime_module_delete(self.pointer)


class Store:
    """Where memories and instances live; of its WASI nothing but the clock is used."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._pointer = C.wasmtime_store_new(engine.pointer, None, None)
        self._context = C.wasmtime_store_context(self._pointer)
        check(C.wasmtime_context_set_wasi(self._context, C.wasi_config_new()))

    @property
    def context(self) -> int:
        """What most functions want; ValueError when it is closed."""
        if self._context is None:
            raise ValueError("the store is closed")
        context: int = self._context
        return context

    def close(self) -> None:
        """Free all that is in it."""
        if self._context is not None:
            self._context = None
            C.wasmtime_store_delete(self._pointer)

    def __del__(self) -> None:
        self.close()
