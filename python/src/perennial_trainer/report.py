"""What the engine hears from a trainer: one JSON object a line."""

from __future__ import annotations

import json
import os
import sys
from typing import IO, Any


class Report:
    """Writes progress and errors of one job. Anything that is not one of these lines counts as log."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    @classmethod
    def on_stdout(cls) -> Report:
        """
        Takes standard output for the report alone and sends everything else that is printed to standard error: half a
        line from some library would otherwise swallow a line of ours.
        """
        sys.stdout.flush()
        stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        return cls(stream)

    def progress(self, done: float, message: str) -> None:
        """`done` runs from 0 to 1."""
        self._write({"progress": round(done, 4), "message": message})

    def error(self, code: str, message: str) -> None:
        """The last line of a failed job."""
        self._write({"error": {"code": code, "message": message}})

    def _write(self, content: dict[str, Any]) -> None:
        self._stream.write(json.dumps(content) + "\n")
        self._stream.flush()
