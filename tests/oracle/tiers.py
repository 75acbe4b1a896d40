"""The tiers that the oracle can ask, by name: adding one is a line here and a class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.oracle.reference import ReferenceExecutor
from tests.oracle.run import Executor

TIERS: Final[dict[str, Callable[[], Executor]]] = {"ref": ReferenceExecutor}
