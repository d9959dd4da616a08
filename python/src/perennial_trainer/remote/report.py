"""What the engine hears of a job that is done elsewhere: the lines of the job contract, as one growing object."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from .errors import RemoteError
from .redact import Redactor
from .transfer import fetch_if_there, send

_EVERY_SECONDS = 0.5
#: A report that takes long to send is sent less often.
_IDLE_SHARE = 10
_MOST_LOG_BYTES = 1 << 20
_LINE_LENGTH = 4096
_REASON_LENGTH = 300


class Report:
    """
    Collects lines, and sends all again when some are new. What an attempt before this one said comes first. What the
    trainer says is in it without secrets.
    """

    def __init__(self, addresses: dict[str, str], redactor: Redactor) -> None:
        self._redactor = redactor
        self._url = addresses["put"]
        self._content = bytearray(fetch_if_there(addresses["get"]))
        self._progress: dict[str, Any] | None = None
        self._newest: dict[str, Any] | None = None
        self._log_bytes = 0
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._sent = len(self._content)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._send_often, name="report", daemon=True)

    def __enter__(self) -> Report:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def lines(self) -> list[dict[str, Any]]:
        """All that was said so far."""
        with self._lock:
            texts = bytes(self._content).decode(errors="replace").splitlines()
        return [json.loads(text) for text in texts if text]

    def say(self, line: dict[str, Any]) -> None:
        """Takes a line of the job contract, as the trainer has printed it."""
        self.add(self._redactor.clean_line(line))

    def stored(self, checkpoint: str, step: int, stored: dict[str, Any]) -> None:
        """Says where a checkpoint is that the trainer has named so."""
        self.add({"checkpoint": self._redactor.clean(checkpoint), "step": step, "stored": stored})

    def over(self, end: str, why: str) -> None:
        """Says that the attempt hands nothing back, and why."""
        self.add({"far": {"over": end, "why": self._redactor.clean(why)[:_REASON_LENGTH]}})

    def add(self, line: dict[str, Any]) -> None:
        """Takes a line of our own. Digests in it stay whole, however short a secret is."""
        with self._lock:
            if "progress" in line:
                # Of those that come faster than they are sent, the newest is enough.
                self._progress = line
            else:
                self._append_progress()
                self._append(line)

    def clean(self, text: str) -> str:
        """The text without secrets, and what looks like one."""
        return self._redactor.clean(text)

    def log(self, text: str) -> None:
        # Cut after redacting, else a secret that is cut in two is not known for one.
        text = self._redactor.clean(text)
        with self._lock:
            self._log_bytes += len(text)
            if self._log_bytes <= _MOST_LOG_BYTES:
                self._append({"log": text[:_LINE_LENGTH]})
            elif self._log_bytes - len(text) <= _MOST_LOG_BYTES:
                self._append({"log": "(more log was printed than is passed on)"})

    @property
    def progress(self) -> dict[str, Any] | None:
        """The newest that was passed on."""
        return self._newest

    def flush(self) -> None:
        """Sends what is new; raises RemoteError when it cannot be sent."""
        with self._sending:
            with self._lock:
                self._append_progress()
                content = bytes(self._content)
            if len(content) == self._sent:
                return
            send(self._url, content)
            self._sent = len(content)

    def _append_progress(self) -> None:
        if self._progress is not None:
            self._newest = self._progress
            self._append(self._progress)
            self._progress = None

    def _append(self, line: dict[str, Any]) -> None:
        self._content += json.dumps(line).encode() + b"\n"

    def _send_often(self) -> None:
        wait = _EVERY_SECONDS
        while not self._ended.wait(wait):
            began = time.monotonic()
            try:
                self.flush()
            except RemoteError:
                # The end sends all of it, and says so if that fails too.
                pass
            wait = max(_EVERY_SECONDS, _IDLE_SHARE * (time.monotonic() - began))
