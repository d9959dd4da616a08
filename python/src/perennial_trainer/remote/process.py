"""The program of a job, under its keeper."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

from .errors import RemoteError
from .redact import LINE_LENGTH

#: Whatever its characters are, no line is cut to less than LINE_LENGTH of them, and none of those is cut in two.
_LINE_BYTES = 4 * LINE_LENGTH + 4
_ENDED_WAIT_SECONDS = 15


class Program:
    """Starts a command in a job's folder; what it prints is read by whoever asks for lines."""

    def __init__(self, folder: Path, command: list[str], environment: dict[str, str], limits: dict[str, int]) -> None:
        #: (of standard output?, the line); None when a stream has ended. Bounded: a flood of log waits.
        self._lines: queue.Queue[tuple[bool, str] | None] = queue.Queue(1000)
        told, tells = os.pipe()
        job = {"folder": str(folder), "command": command, "environment": environment, "limits": limits}
        file = folder.parent / "keeper.json"
        file.touch(0o600)
        file.write_text(json.dumps(job), encoding="utf-8")
        self._keeper = subprocess.Popen(
            [sys.executable, "-c", _KEEPER, str(file), str(tells)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[tells],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        os.close(tells)
        #: What it has used so far; empty at first.
        self.used: dict[str, Any] = {}
        self._end: dict[str, Any] | None = None
        self._hearing = threading.Thread(target=self._hear, args=(told,), daemon=True)
        self._hearing.start()
        assert self._keeper.stdout and self._keeper.stderr
        self._open_streams = 2
        for stream, is_output in ((self._keeper.stdout, True), (self._keeper.stderr, False)):
            threading.Thread(target=self._read, args=(stream, is_output), daemon=True).start()

    def next_line(self, seconds: float) -> tuple[bool, str] | None:
        """The next line; None when there was none in this time."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            return None
        if line is None:
            self._open_streams -= 1
        return line

    @property
    def has_ended(self) -> bool:
        """All that it printed was read, and how it ended was told: a program may close its streams and run on."""
        return self._open_streams == 0 and not self._hearing.is_alive()

    def signal(self, number: int) -> None:
        """Sends the program and its group a signal."""
        self._tell(f"{number}\n".encode())

    def kill(self) -> None:
        """Ends it and whatever it has started."""
        if self._keeper.stdin and not self._keeper.stdin.closed:
            try:
                self._keeper.stdin.close()
            except OSError:
                pass

    def ending(self) -> dict[str, Any]:
        """How it ended, with what it used; to be asked when it has. Nothing of it is left then."""
        self._hearing.join()
        try:
            self._keeper.wait(_ENDED_WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
        self.kill()
        if self._end is None:
            raise RemoteError("run the trainer: the process above it has ended without a word")
        return self._end

    def _hear(self, told: int) -> None:
        with os.fdopen(told, "rb") as lines:
            for line in lines:
                said = json.loads(line)
                if "ending" in said:
                    self._end = said
                else:
                    self.used = said["used"]

    def _tell(self, what: bytes) -> None:
        stdin = self._keeper.stdin
        if stdin is None or stdin.closed:
            return
        try:
            stdin.write(what)
            stdin.flush()
        except OSError:
            # It has just ended.
            pass

    def _read(self, stream: IO[bytes], is_output: bool) -> None:
        while line := stream.readline(_LINE_BYTES):
            text = line.decode(errors="replace").rstrip("\r\n")
            self._lines.put((is_output, text[:LINE_LENGTH]))
            while line and not line.endswith(b"\n"):
                # The rest of a line that is too long.
                line = stream.readline(_LINE_BYTES)
        self._lines.put(None)


#: The keeper, with the descriptor on which it tells at the number that it wants.
_KEEPER = """
import os, sys
if sys.argv[2] != "3":
    os.dup2(int(sys.argv[2]), 3)
    os.close(int(sys.argv[2]))
os.set_inheritable(3, False)
from perennial_trainer.remote.keeper import main
main(sys.argv[1])
"""
