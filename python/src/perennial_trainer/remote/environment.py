"""
The Python of a job: this one, or one that has what the code's lock pins and nothing else of this machine's. Such an
environment is made once for a lock and a Python, however many jobs want it at the same time. The rules are those of the
engine's own workers (src/dev/python-locked.ts).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import PackagesMissing, Stopped
from .install import Work, install
from .report import Report
from .transfer import Stop

_OWN = "PERENNIAL_FAR_ENVIRONMENT"
_PACKAGE = Path(__file__).parents[1]
_UNUSED_SECONDS = 30 * 86_400
_TICK_SECONDS = 0.2


@dataclass(frozen=True)
class Python:
    """In which the program of a job runs."""

    program: str
    #: Of an environment that was made for a lock: the folder of its programs.
    bin: Path | None = None
    #: Folders in which it finds `perennial_trainer`.
    own: list[str] = field(default_factory=list)
    #: What the result says of it.
    facts: dict[str, str] = field(default_factory=dict)


def python_for(message: dict[str, Any], place: Path, report: Report, stop: Stop) -> Python:
    """
    Without a lock, and where whoever runs this machine has said so, the Python that runs this; else that of the lock.
    Raises PackagesMissing when its packages cannot be had, and RemoteError when nobody could be asked for them.
    """
    lock = message.get("lock")
    chosen = os.environ.get(_OWN, "")
    if chosen not in ("", "own"):
        raise PackagesMissing(f"choose the environment of the trainer: found {_OWN}={chosen!r}, want own, or nothing")
    if lock is None or chosen == "own":
        return Python(sys.executable, own=[str(_PACKAGE.parent)])
    folder = _environment(lock, place, report, stop)
    facts = {"lock": lock["sha256"], "python": platform.python_version()}
    return Python(str(folder / "bin" / "python"), folder / "bin", _own_package(folder, place), facts)


def _own_package(environment: Path, place: Path) -> list[str]:
    if any(environment.glob("lib/python*/site-packages/perennial_trainer")):
        return []
    # Not the folder that this package is in: other packages beside it would be found before those of the lock.
    only = place / "own"
    only.mkdir()
    (only / _PACKAGE.name).symlink_to(_PACKAGE)
    return [str(only)]


def _environment(lock: dict[str, str], place: Path, report: Report, stop: Stop) -> Path:
    home = _home()
    facts = [lock["file"], lock["sha256"], sys.version, sys.base_prefix, platform.machine()]
    name = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
    # A link to the folder, made when that is whole. The folder keeps its name, which is written into its programs.
    whole = home / name
    found = _usable(whole)
    if found is not None:
        return found
    what = f"the environment of {lock['file']}"
    with _alone(home / f"{name}.lock", what, report, stop):
        found = _usable(whole)
        if found is not None:
            return found
        report.add({"progress": 0, "message": f"making {what}"})
        # Of those that were killed.
        for each in home.glob(f"{name}-*"):
            shutil.rmtree(each, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=home))
        try:
            install(lock["file"], folder, Work(place, report, stop))
            (folder / "whole").symlink_to(folder.name)
            os.replace(folder / "whole", whole)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    _remove_unused(home)
    return folder


def _home() -> Path:
    """PERENNIAL_CACHE names the folder for what can be had again, as on the engine's own workers."""
    named = os.environ.get("PERENNIAL_CACHE")
    try:
        home = (Path(named).absolute() if named else Path.home() / ".cache" / "perennial") / "environments"
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.access(home, os.W_OK | os.X_OK):
            return home
        why = f"{home} is not writable"
    except (OSError, RuntimeError) as error:
        why = str(error)
    raise PackagesMissing(
        f"keep the environment of a trainer: {why}; set PERENNIAL_CACHE on that machine to a folder that may be written"
    )


def _usable(whole: Path) -> Path | None:
    """One whose interpreter was updated or taken away is of no use to anybody."""
    try:
        folder = whole.resolve(strict=True)
        os.utime(folder)
    except OSError:
        return None
    return folder if os.access(folder / "bin" / "python", os.X_OK) else None


@contextmanager
def _alone(file: Path, what: str, report: Report, stop: Stop) -> Iterator[None]:
    """The lock is the kernel's: who was killed does not hold it."""
    lock = os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        told = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                pass
            if not told:
                report.add({"progress": 0, "message": f"waiting for another job that makes {what}"})
                told = True
            if stop():
                raise Stopped(f"stopped while another job made {what}")
            time.sleep(_TICK_SECONDS)
        yield
    finally:
        os.close(lock)


def _remove_unused(home: Path) -> None:
    for link in home.iterdir():
        with suppress(OSError):
            if link.is_symlink() and time.time() - link.stat().st_mtime > _UNUSED_SECONDS:
                folder = link.resolve()
                link.unlink()
                shutil.rmtree(folder, ignore_errors=True)
