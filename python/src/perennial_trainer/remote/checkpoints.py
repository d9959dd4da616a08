"""Checkpoints of a job that is done elsewhere: the newest one to go on from, and those that it makes."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Any

from .errors import AddressRefused, Damaged
from .report import Report
from .transfer import Stop, fetch_folder, pack, send


def newest_checkpoint(message: dict[str, Any], place: Path, report: Report, stop: Stop) -> dict[str, Any] | None:
    """
    The newest whole one of those that attempts before this one have stored, and the one that the order names; its files
    are in `place/resume` then. None when there is none.
    """
    known: list[dict[str, Any]] = [message["resume"]] if "resume" in message else []
    for line in report.lines():
        if "stored" in line:
            slot = line["stored"]["slot"]
            checkpoint = {**line["stored"], "url": message["checkpoints"][slot]["get"]}
            known.append({"step": line["step"], "slot": slot, "checkpoint": checkpoint})
    for each in sorted(known, key=lambda one: int(one["step"]), reverse=True):
        try:
            fetch_folder(each["checkpoint"], place / "resume", stop)
        except (AddressRefused, Damaged) as error:
            # Another attempt may have been storing its own in that place when it was killed.
            report.log(f"the checkpoint of step {each['step']} is passed over: {error}")
            shutil.rmtree(place / "resume", ignore_errors=True)
        else:
            return each
    return None


class Checkpoints:
    """Stores one checkpoint at a time, beside the training; of those that wait only the newest."""

    def __init__(
        self, slots: list[dict[str, str]], folder: Path, report: Report, resume: dict[str, Any] | None
    ) -> None:
        self._slots = slots
        self._folder = folder
        self._report = report
        # Not over the one that this attempt goes on from: until the next is told, another attempt may need it.
        self._next = (resume["slot"] + 1) % len(slots) if resume and "slot" in resume else 0
        self._waiting: tuple[Path, int] | None = None
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="checkpoints", daemon=True)
        self._thread.start()

    def keep(self, name: str, step: int) -> None:
        path = Path(os.path.normpath(self._folder / name))
        problem = _problem(path, self._folder / "checkpoints")
        if problem is not None:
            self._report.log(f"the checkpoint of step {step} was not kept: {problem}")
            if path.parent == self._folder / "checkpoints":
                shutil.rmtree(path, ignore_errors=True)
            return
        with self._changed:
            dropped = self._waiting
            self._waiting = (path, step)
            self._changed.notify()
        # A trainer may write into the same folder again.
        if dropped is not None and dropped[0] != path:
            shutil.rmtree(dropped[0], ignore_errors=True)

    def close(self) -> None:
        """What waits is still stored."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                while self._waiting is None:
                    if self._closed:
                        return
                    self._changed.wait()
                (path, step), self._waiting = self._waiting, None
            try:
                self._store(path, step)
            except Exception as error:
                self._report.log(f"the checkpoint of step {step} was not kept: {error}")
            finally:
                # Stored or not: a trainer that waits for it goes on.
                shutil.rmtree(path, ignore_errors=True)

    def _store(self, path: Path, step: int) -> None:
        if not path.is_dir():
            raise FileNotFoundError("its folder is gone")
        slot = self._next
        tar = self._folder.parent / "checkpoint.tar"
        pack(path, tar)
        sent = send(self._slots[slot]["put"], tar)
        self._next = (slot + 1) % len(self._slots)
        self._report.stored(path.name, step, {**sent, "slot": slot})
        self._report.flush()


def _problem(path: Path, checkpoints: Path) -> str | None:
    if path.parent != checkpoints:
        return "want a folder checkpoints/NAME of the job"
    if path.is_symlink() or not path.is_dir():
        return "there is no such folder"
    odd = (each for each in path.rglob("*") if each.is_symlink() or not (each.is_file() or each.is_dir()))
    name = next((each.name for each in odd), None)
    return None if name is None else f'"{name}" in it is not a regular file'
