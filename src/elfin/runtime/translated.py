"""What a translated function returns to who called it.

CONTINUE: go on at RIP, in whatever tier.  STEP: the interpreter executes the instruction at RIP itself (it
faults, it writes to decoded code, or it has no translation), then as CONTINUE.
"""

from __future__ import annotations

from typing import Final

CONTINUE: Final = 0
STEP: Final = 1
