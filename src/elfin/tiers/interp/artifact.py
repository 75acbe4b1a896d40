"""core.wasm, compiled: a build product, made when first needed and kept in the user's cache.

The key is the state of the package's own files and of the engine, so that a changed checkout makes a
new one.  `build` (rows, meanings, dialect compiler) is imported only when it is needed: it is most of
the package, and start-up counts.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from elfin.ir.value import alone
from elfin.runtime.host import Host, Module

PACKAGE = Path(__file__).parents[2]
SOURCES = (
    "bits", "codegen", "config", "core", "decode", "dialect", "ir", "isa", "layout", "lift", "opt", "rflags",
    "runtime", "structure", "tiers", "wasm",
)  # fmt: skip
BUILDER = "elfin.tiers.interp.build"
BUILT = PACKAGE / "built"  # products that were made beforehand: in a wheel, in a page


def core_module(host: Host, profiled: bool = False, counted: bool = False) -> Module:
    """The interpreter, compiled by `host`; its flavours are those of `interp.build`."""
    path = cache_folder() / f"core-{_key(host, profiled, counted)}.compiled"
    if path.exists() and (found := host.load(str(path))) is not None:
        return found
    module = host.compile(core_wasm(profiled, counted))
    keep(path, module.serialize())
    return module


def core_wasm(profiled: bool = False, counted: bool = False) -> bytes:
    """The interpreter's Wasm module: made beforehand, or now."""
    made = BUILT / core_file(profiled, counted)
    if made.exists():
        return made.read_bytes()
    with alone:
        wasm: bytes = importlib.import_module(BUILDER).build(profiled, counted)
    return wasm


def core_file(profiled: bool, counted: bool) -> str:
    """The name of a flavour's file in BUILT."""
    return f"core{'-profiled' * profiled}{'-counted' * counted}.wasm"


def cache_folder() -> Path:
    """$ELFIN_CACHE, else the user's cache folder; compiled code in it is trusted, so it is private."""
    chosen = os.environ.get("ELFIN_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(chosen) if chosen else Path(base) / "elfin"


@cache
def sources_key() -> str:
    """Changes when a source file does of what makes Wasm."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {PACKAGE}".encode())
    for name in sorted(_states(PACKAGE, "")):
        digest.update(name.encode())
    return digest.hexdigest()[:32]


def _states(folder: str | Path, inside: str) -> Iterator[str]:
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
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


def keep(path: Path, data: bytes | bytearray) -> None:
    """Store whole or not at all; a cache that cannot be written is only slow."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
        os.replace(file.name, path)
    except OSError:
        return
