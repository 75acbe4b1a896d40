"""Several watchers of one translator."""

from __future__ import annotations

from collections.abc import Sequence

from elfin.tiers.jit.inside import Watcher
from elfin.tiers.jit.unit import Making
from elfin.tiers.jit.units import Unit


class Watchers:
    """Tells each of them."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self.watchers = watchers

    def made(self, making: Making) -> None:
        for watcher in self.watchers:
            watcher.made(making)

    def compiled(self, unit: Unit, seconds: float) -> None:
        for watcher in self.watchers:
            watcher.compiled(unit, seconds)

    def found(self, unit: Unit, seconds: float) -> None:
        for watcher in self.watchers:
            watcher.found(unit, seconds)
