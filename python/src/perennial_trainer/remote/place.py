"""
The folder of a job on this machine. Whoever has it holds a lock on a file in it: one that was killed does not, and what
it has left, rows among it, is removed when the next job comes. The lock is the kernel's, so it holds across containers
that share the folder, and no process that got the number of another one deceives it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "perennial-job-"
#: Until its lock is held a folder has another name, under which nobody looks for leftovers.
_NEW_PREFIX = "perennial-new-"
_LOCK = "lock"


@contextmanager
def job_place(parent: str | None) -> Iterator[Path]:
    """A new folder, removed in the end, below this one or the system's for temporary files."""
    base = Path(parent or tempfile.gettempdir())
    remove_leftovers(base)
    made = Path(tempfile.mkdtemp(prefix=_NEW_PREFIX, dir=base))
    lock = os.open(made / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        place = made.with_name(made.name.replace(_NEW_PREFIX, _PREFIX, 1))
        made.rename(place)
        try:
            yield place
        finally:
            with suppress(OSError):
                _remove(place)
    finally:
        os.close(lock)


def remove_leftovers(base: Path) -> None:
    """Removes the folders of jobs whose owner is gone: of this user's as much as can be removed."""
    for place in base.glob(f"{_PREFIX}*"):
        try:
            if place.is_symlink() or place.stat().st_uid != os.geteuid():
                continue
            lock = os.open(place / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(place)
        except OSError:
            # Somebody has it.
            pass
        finally:
            os.close(lock)


def _remove(place: Path) -> None:
    """The lock goes last: where something is left, the next job finds it again."""
    for each in place.iterdir():
        if each.is_dir() and not each.is_symlink():
            _remove_folder(each)
        elif each.name != _LOCK:
            each.unlink()
    if os.listdir(place) == [_LOCK]:
        shutil.rmtree(place, ignore_errors=True)


def _remove_folder(folder: Path) -> None:
    # A trainer may have left folders into which nobody may write.
    folder.chmod(0o700)
    for root, names, _ in os.walk(folder):
        for each in (Path(root, name) for name in names):
            if not each.is_symlink():
                each.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
