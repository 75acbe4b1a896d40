"""elfin: run native x86-64 Linux programs wherever WebAssembly runs.

`run` and `Machine` are the public API (`elfin/api.py`).  They are loaded when they are first asked for,
so that a command pays only for what it uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elfin.api import Machine, Mount, Root, run

__all__ = ["Machine", "Mount", "Root", "run"]


def __getattr__(name: str) -> Any:
    """PEP 562: the names of the API, on demand."""
    if name not in __all__:
        raise AttributeError(f"module 'elfin' has no attribute {name!r}")
    from elfin import api

    return getattr(api, name)
