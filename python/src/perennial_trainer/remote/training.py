"""One job on this machine, from its order to what is handed back."""

from __future__ import annotations

import contextvars
import json
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .attempt import Attempt
from .checkpoints import Checkpoints, newest_checkpoint
from .environment import python_for
from .errors import RemoteError, Stopped
from .folder import command, environment, hand_back, lay_out, secrets
from .place import job_place
from .process import Program
from .redact import Redactor
from .report import Report
from .transfer import Stop, fetch

SCHEMA_VERSION = 1
_BEAT_SECONDS = 1.0
_TICK_SECONDS = 0.1


def train(
    order: dict[str, Any],
    heartbeat: Callable[[dict[str, Any]], None] | None = None,
    cancelled: Stop | None = None,
    folder: str | None = None,
) -> dict[str, Any]:
    """
    Does the job of an order and returns how the trainer ended; the caller hands that back to the engine as it is.
    Blocks until then.

    `heartbeat` is called every second, from a thread with the caller's context, with the newest progress. When
    `cancelled` gives True, the trainer is asked to end, its last checkpoint is stored, and Stopped is raised. `folder`:
    where the job gets a folder of its own, by default the system's for temporary files.
    """
    redactor = Redactor()
    with (
        redactor.in_errors(),
        # First and last: what killed jobs have left may take long to remove.
        _Beat(heartbeat, cancelled) as beat,
        job_place(folder) as place,
    ):
        message = _read_message(order, place, beat.stopped)
        redactor.learn(secrets(message).values())
        with Report(message["report"], redactor) as report:
            beat.shows(report)
            resume = newest_checkpoint(message, place, report, beat.stopped)
            with Attempt(report, None if resume is None else resume["step"]) as attempt:
                result = _run(message, place, resume, attempt, report, beat.stopped)
            report.add({"ended": result})
            report.flush()
            return result


def _read_message(order: dict[str, Any], place: Path, stop: Stop) -> dict[str, Any]:
    file = place / "message.json"
    fetch(order, file, stop)
    message: dict[str, Any] = json.loads(file.read_bytes())
    if message.get("schemaVersion") != SCHEMA_VERSION:
        raise RemoteError(f"read the order: it has version {message.get('schemaVersion')}, want {SCHEMA_VERSION}")
    return message


def _run(
    message: dict[str, Any],
    place: Path,
    resume: dict[str, Any] | None,
    attempt: Attempt,
    report: Report,
    stop: Stop,
) -> dict[str, Any]:
    folder = place / "job"
    folder.mkdir()
    host = socket.gethostname()
    report.log(f"on {host}" + ("" if resume is None else f", going on from step {resume['step']}"))
    lay_out(message, folder, resume, stop)
    python = python_for(message, place, report, stop)
    checkpoints = Checkpoints(message["checkpoints"], folder, report, resume)
    variables = environment(message, folder, python)
    here = {"host": host, **python.facts}
    program = Program(folder, command(message, folder, python), variables, message["limits"])
    try:
        why = _listen(program, message, attempt, report, checkpoints, stop)
        ended = program.ending()
        attempt.uses(ended["usage"], in_all=True)
    finally:
        program.kill()
        checkpoints.close()
    if why == "stopped":
        report.flush()
        raise Stopped("the trainer was ended as asked")
    if why == "timeout":
        return {**ended, "ending": {"kind": "timeout"}, **here}
    if ended["ending"] != {"kind": "exit", "code": 0}:
        return {**ended, **here}
    return {**ended, **hand_back(message, folder, stop), **here}


def _listen(
    program: Program,
    message: dict[str, Any],
    attempt: Attempt,
    report: Report,
    checkpoints: Checkpoints,
    stop: Stop,
) -> str | None:
    """Passes on what the program says until it has ended; returns why it was made to, if it was."""
    limit = time.monotonic() + message["timeoutMs"] / 1000
    grace = message["graceMs"] / 1000
    why: str | None = None
    killed_at: float | None = None
    while not program.has_ended:
        line = program.next_line(_TICK_SECONDS)
        if line is not None:
            _hear(line, report, checkpoints)
        attempt.uses(program.used)
        now = time.monotonic()
        if why is None:
            why = "stopped" if stop() else "timeout" if now > limit else None
            if why is not None:
                program.signal(signal.SIGTERM)
                killed_at = now + grace
        if killed_at is not None and now > killed_at:
            program.kill()
    return why


def _hear(line: tuple[bool, str], report: Report, checkpoints: Checkpoints) -> None:
    is_output, text = line
    content = _parse(text) if is_output and text.startswith("{") else None
    if content is None:
        report.log(text)
    elif isinstance(content.get("checkpoint"), str) and isinstance(content.get("step"), int):
        checkpoints.keep(content["checkpoint"], content["step"])
    else:
        report.say(content)


def _parse(text: str) -> dict[str, Any] | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    # What only the engine's own lines may say.
    known = isinstance(content, dict) and any(each in content for each in ("progress", "error", "point", "checkpoint"))
    return content if known and not any(each in content for each in ("ended", "stored", "far")) else None


class _Beat:
    """Tells whoever runs the job that it is alive, and notices when it is not wanted any more."""

    def __init__(self, heartbeat: Callable[[dict[str, Any]], None] | None, cancelled: Stop | None) -> None:
        self._heartbeat = heartbeat
        self._cancelled = cancelled
        self._report: Report | None = None
        self._gone = False
        self._ended = threading.Event()
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=lambda: context.run(self._go), name="heartbeat", daemon=True)

    def __enter__(self) -> _Beat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def shows(self, report: Report) -> None:
        self._report = report

    def stopped(self) -> bool:
        return self._gone or (self._cancelled is not None and self._cancelled())

    def _go(self) -> None:
        while self._heartbeat is not None:
            try:
                self._heartbeat(dict(self._report.progress or {}) if self._report else {})
            except Exception:
                self._gone = True
                return
            if self._ended.wait(_BEAT_SECONDS):
                return

