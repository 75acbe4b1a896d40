"""`Location`: a node as it was reached, and `Mount`: a file system at a place in the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.kernel.files.node import Node


class Mount:
    """A file system (or one object of it) put over a node of its parent mount."""

    __slots__ = ("id", "kind", "parent", "point", "read_only", "root", "source")

    def __init__(
        self,
        ident: int,
        root: Node,
        point: Location | None,
        *,
        read_only: bool,
        source: bytes,
        kind: bytes,
    ) -> None:
        self.id = ident
        self.root = root
        self.point = point  # what it covers; None for the first mount and for unnamed objects
        self.parent = point.mount if point else None
        self.read_only = read_only
        self.source = source
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Location:
    """A node in a mount, with the directory and the name it was found under.

    A directory's own parent and name are kept by its node, which follows renames; for the
    others they are those of the walk. Without a directory the name stands for itself
    (`pipe:[7]`).
    """

    mount: Mount
    node: Node
    directory: Location | None = None
    name: bytes = b""
