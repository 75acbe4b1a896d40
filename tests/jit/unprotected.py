"""A host that cannot protect memory, as browsers cannot: translated code collects the permissions of pages."""

from __future__ import annotations

from elfin.hosts.wasmtime_py import WasmtimeHost, WasmtimeSpace


class UnprotectedSpace(WasmtimeSpace):
    """Refuses to protect anything."""

    def protect(self, offset: int, n: int, permission: int) -> bool:
        return False


class UnprotectedHost(WasmtimeHost):
    """All its spaces are without protection."""

    def new_space(self, size: int) -> UnprotectedSpace:
        return UnprotectedSpace(self.engine, size)
