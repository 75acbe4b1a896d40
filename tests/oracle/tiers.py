"""The tiers that the oracle can ask, by name: adding one is a line here and a class."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from elfin.hosts.wasmtime_py import WasmtimeHost
from tests.jit.unprotected import UnprotectedHost
from tests.oracle.interp import CanonicalHost, InterpreterExecutor
from tests.oracle.reference import ReferenceExecutor
from tests.oracle.run import Executor
from tests.oracle.translated import TranslatorExecutor

TIERS: Final[dict[str, Callable[[], Executor]]] = {
    "interp": lambda: InterpreterExecutor(WasmtimeHost()),
    "interp-canonical": lambda: InterpreterExecutor(CanonicalHost(), "interp-canonical"),
    "jit": partial(TranslatorExecutor, exact=True),
    "jit-quick": partial(TranslatorExecutor, exact=True, sticky=False),
    "jit-paged": lambda: TranslatorExecutor(False, False, UnprotectedHost()),
    "jit-canonical": lambda: TranslatorExecutor(True, False, CanonicalHost()),
    "ref": ReferenceExecutor,
}
# For `./dev oracle` only: cases whose access the host refuses are the interpreter's.  Of what is left guarded code may
# differ where a read-modify-write that changes nothing meets a read-only page (its store is left out), and where
# an aligned access is not aligned (refused at the next way out).
LONG_TIERS: Final = {**TIERS, "jit-guarded": partial(TranslatorExecutor, exact=False)}
