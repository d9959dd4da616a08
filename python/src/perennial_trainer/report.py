"""What the engine hears from a trainer: one JSON object a line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import IO, Any


class Report:
    """Writes what is to be said of one job. Anything that is not one of these lines counts as log."""

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

    def progress(self, done: float, message: str, step: int | None = None) -> None:
        """`done` runs from 0 to 1; `step` counts what the estimator counts: trees, epochs."""
        steps = {} if step is None else {"step": step}
        self._write({"progress": round(done, 4), "message": message, **steps})

    def checkpoint(self, folder: str, step: int) -> None:
        """The folder, relative to the job's, is whole and will not be touched from here again."""
        self._write({"checkpoint": folder, "step": step})

    def point(self, metrics: Mapping[str, float], step: int) -> None:
        """Metrics on the validation rows after so many steps."""
        self._write({"point": dict(metrics), "step": step})

    def trial(self, number: int, state: str) -> None:
        """Of a search: a trial has ended; what came of it is in the file of the results."""
        self._write({"trial": number, "state": state})

    def trial_begins(self, number: int) -> None:
        """Said in the log too, which is another stream: what is printed from now on comes from this trial."""
        content = {"trial": number, "state": "running"}
        print(json.dumps(content), file=sys.stderr, flush=True)
        self._write(content)

    def error(self, code: str, message: str) -> None:
        """The last line of a failed job."""
        self._write({"error": {"code": code, "message": message}})

    def _write(self, content: dict[str, Any]) -> None:
        self._stream.write(json.dumps(content) + "\n")
        self._stream.flush()
