"""elfin: run native x86-64 Linux programs wherever WebAssembly runs.

The public names are `run`, `Machine` and the error classes; all else is internal.  They are loaded
when they are first asked for, so that a command pays only for what it uses.
"""

from __future__ import annotations
