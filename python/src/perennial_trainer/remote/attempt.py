"""
What the engine hears of an attempt itself, for the record of the run. It may be killed, and another one come after it on
another machine: so it says what there is to say of itself while it is so.
"""

from __future__ import annotations

import os
import socket
import time
from datetime import datetime, timezone
from types import TracebackType
from typing import Any

from .errors import RemoteError, Stopped
from .report import Report

_TELL_SECONDS = 2.0
#: What an attempt used until it was killed is known to about this part of its time, however long it was.
_TELL_SHARE = 0.02


class Attempt:
    """Says who does the job and from which step on, what that uses, and why it was given up."""

    def __init__(self, report: Report, step: int | None) -> None:
        self._report = report
        self._began = time.monotonic()
        self._told = self._began
        begun: dict[str, Any] = {
            "worker": f"{os.getpid()}@{socket.gethostname()}",
            "at": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        report.add({"far": {"begun": begun if step is None else {**begun, "from": step}}})
        report.flush()

    def __enter__(self) -> Attempt:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> None:
        if not isinstance(error, Exception):
            return
        self._report.over("stopped" if isinstance(error, Stopped) else "failed", str(error))
        try:
            self._report.flush()
        except RemoteError:
            # The error is the news.
            pass

    def uses(self, used: dict[str, Any], in_all: bool = False) -> None:
        """Takes what the job has used so far, as often as one likes; or in all."""
        now = time.monotonic()
        if not in_all and now - self._told < max(_TELL_SECONDS, _TELL_SHARE * (now - self._began)):
            return
        self._told = now
        self._report.add({"far": {"used": {"wallMs": round((now - self._began) * 1000), **used}}})
