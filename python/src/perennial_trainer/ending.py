"""How this process ends: at once, and on SIGTERM with no more lost than has to be."""

from __future__ import annotations

import os
import signal
import sys
import time
from types import FrameType, TracebackType
from typing import NoReturn

#: A segment that should be done within this share of the grace is worth waiting for: it has to be written and told, too.
_SHARE = 0.8
#: The same in seconds where nobody has said how long the grace is.
_SOON = 2.0
_TERMINATED = 128 + signal.SIGTERM


def leave(code: int) -> NoReturn:
    """Ends at once: taking down the libraries' modules one by one costs a tenth of a second and gives nothing."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


class Terminable:
    """
    While a fit goes on in segments: SIGTERM ends the process at once if the running segment would take longer than its
    grace, and else as soon as its checkpoint is told. Between segments nothing is lost, so there it ends at once: what
    was told before is stored either way. Outside of it SIGTERM does what it always does.
    """

    def __init__(self, grace_seconds: float | None = None) -> None:
        self._grace = grace_seconds
        self._asked = False
        self._between = True
        self._began: float | None = None
        self._last: float | None = None

    def __enter__(self) -> Terminable:
        self._before = signal.signal(signal.SIGTERM, self._ask)
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        signal.signal(signal.SIGTERM, self._before)

    def segment_begins(self) -> None:
        self._began = time.monotonic()
        self._between = False

    def segment_ends(self) -> None:
        """The computing is done; what is left of the segment, writing and telling, is always finished."""
        if self._began is not None:
            self._last = time.monotonic() - self._began
        self._began = None

    def segment_told(self) -> None:
        self._between = True
        if self._asked:
            leave(_TERMINATED)

    def _ask(self, _: int, __: FrameType | None) -> None:
        self._asked = True
        if self._between or (self._began is not None and not self._is_soon(time.monotonic() - self._began)):
            leave(_TERMINATED)

    def _is_soon(self, spent: float) -> bool:
        if self._last is None:
            # Nobody knows yet how long one takes. When the grace is over the process is killed, and no more is lost.
            return self._grace is not None
        return self._last - spent <= (_SOON if self._grace is None else _SHARE * self._grace)
