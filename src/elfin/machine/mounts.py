"""What of the host a guest may see, as a person writes it: `HOST:GUEST[:rw]`, `DIR[:rw]`."""

from __future__ import annotations

import os

from elfin.errors import ElfinError
from elfin.records import dataclass

WRITABLE = ":rw"
READ_ONLY = ":ro"


class MountError(ElfinError):
    """The words for a mount or root make no sense, or name nothing that can be mounted."""


@dataclass(frozen=True)
class Mount:
    """A host folder or file at a place in the guest."""

    host: str
    guest: str  # absolute
    writable: bool = False

    @classmethod
    def parse(cls, text: str) -> Mount:
        """`HOST:GUEST`, `HOST:GUEST:ro` (the same) or `HOST:GUEST:rw`."""
        rest, writable = _mode(text)
        host, colon, guest = rest.rpartition(":")
        if not (host and colon and guest.startswith("/")):
            raise MountError(
                f"mount {text!r}: write HOST:/GUEST, or HOST:/GUEST:rw to let it write"
            )
        return cls(host, os.path.normpath(guest), writable)


@dataclass(frozen=True)
class Root:
    """A host folder as the guest's root; what a guest writes stays in memory unless `writable`."""

    host: str
    writable: bool = False

    @classmethod
    def parse(cls, text: str) -> Root:
        """`DIR` or `DIR:rw`."""
        return cls(*_mode(text))


def _mode(text: str) -> tuple[str, bool]:
    """Split the mode off."""
    if text.endswith(WRITABLE):
        return text.removesuffix(WRITABLE), True
    return text.removesuffix(READ_ONLY), False
