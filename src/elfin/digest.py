"""Digests that name and check what is kept: of code, of sources.

BLAKE2, from the module in which Python has it: to import `hashlib` loads OpenSSL, 3 ms of each start.
"""

from __future__ import annotations

from _blake2 import blake2b


def digest(data: bytes, size: int = 32) -> bytes:
    """`size` bytes."""
    return blake2b(data, digest_size=size).digest()


def name(data: bytes) -> str:
    """32 digits, for a file."""
    return blake2b(data, digest_size=16).hexdigest()
