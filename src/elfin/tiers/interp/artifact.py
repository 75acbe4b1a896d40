"""core.wasm, compiled: a build product, made when first needed and kept in the user's cache.

The key is the state of the package's own files and of the engine, so that a changed checkout makes a
new one.  `build` (rows, meanings, dialect compiler) is imported only when it is needed: it is most of
the package, and start-up counts.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from functools import cache

from elfin import digest
from elfin.ir.value import alone
from elfin.runtime.host import Host, Module

PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCES = (
    "bits", "codegen", "config", "core", "decode", "dialect", "ir", "isa", "layout", "lift", "opt", "rflags",
    "runtime", "structure", "tiers", "wasm",
)  # fmt: skip
BUILDER = "elfin.tiers.interp.build"
BUILT = os.path.join(PACKAGE, "built")  # products that were made beforehand: in a wheel, in a page


def core_module(host: Host, profiled: bool = False, counted: bool = False) -> Module:
    """The interpreter, compiled by `host`; its flavours are those of `interp.build`."""
    path = os.path.join(cache_folder(), f"core-{_key(host, profiled, counted)}.compiled")
    if os.path.exists(path) and (found := host.load(path)) is not None:
        return found
    module = host.compile(core_wasm(profiled, counted))
    keep(path, module.serialize())
    return module


def core_wasm(profiled: bool = False, counted: bool = False) -> bytes:
    """The interpreter's Wasm module: made beforehand, or now."""
    made = os.path.join(BUILT, core_file(profiled, counted))
    if os.path.exists(made):
        with open(made, "rb") as file:
            return file.read()
    with alone:
        wasm: bytes = importlib.import_module(BUILDER).build(profiled, counted)
    return wasm


def core_file(profiled: bool, counted: bool) -> str:
    """The name of a flavour's file in BUILT."""
    return f"core{'-profiled' * profiled}{'-counted' * counted}.wasm"


def cache_folder() -> str:
    """$ELFIN_CACHE, else the user's cache folder; compiled code in it is trusted, so it is private."""
    chosen = os.environ.get("ELFIN_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return chosen or os.path.join(base, "elfin")


@cache
def sources_key() -> str:
    """Changes when a source file does of what makes Wasm."""
    states = sorted(_states(PACKAGE, ""))
    return digest.name("".join([f"{sys.version_info[:2]} {PACKAGE}", *states]).encode())


def _states(folder: str, inside: str) -> Iterator[str]:
    """Path, time and size of each source below a folder of the package."""
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{inside}{entry.name}"
            if not inside and entry.name.removesuffix(".py") not in SOURCES:
                continue
            if entry.is_dir():
                yield from _states(entry.path, f"{name}/")
            elif name.endswith(".py"):
                state = entry.stat()
                yield f"{name} {state.st_mtime_ns} {state.st_size}"


def _key(host: Host, profiled: bool, counted: bool) -> str:
    whole = f"{host.name} {profiled} {counted} {sources_key()}"
    return digest.name(whole.encode())


def keep(path: str, data: bytes | bytearray) -> None:
    """Store whole or not at all; a cache that cannot be written is only slow."""
    new = f"{path}.{os.urandom(8).hex()}"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        os.replace(new, path)
    except OSError:
        return
