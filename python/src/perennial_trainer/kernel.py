"""Calls of the Linux kernel that Python has no names for in all its versions."""

from __future__ import annotations

import ctypes
import os
import signal

CLONE_NEWNS = 0x0002_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
_MS_REC = 0x4000
_MS_PRIVATE = 0x4_0000
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def unshare(flags: int) -> None:
    """New namespaces for this process; of CLONE_NEWPID only its children get one."""
    _call("unshare", flags)


def join_namespace(descriptor: int, flags: int) -> None:
    """Goes into the namespace that the descriptor is of; raises OSError."""
    _call("setns", descriptor, flags)


def die_with_parent(wanted: bool = True) -> None:
    """This process is killed when its parent is gone; or is not any more."""
    _call("prctl", _PR_SET_PDEATHSIG, int(signal.SIGKILL) if wanted else 0, 0, 0, 0)


def die_with_parent_where_possible(wanted: bool = True) -> None:
    """For whoever is told of the end of its parent in another way, too, or is no worse off without."""
    try:
        die_with_parent(wanted)
    except OSError:
        # Not Linux.
        pass


def adopt_orphans() -> None:
    """Descendants whose parent has ended become children of this process, whatever session they are in."""
    _call("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def show_own_processes() -> None:
    """A /proc of this PID namespace, for this process and its children alone."""
    unshare(CLONE_NEWNS)
    _call("mount", b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)
    _call("mount", b"proc", b"/proc", b"proc", 0, None)


def _call(name: str, *arguments: int | bytes | None) -> None:
    """Raises OSError when the kernel refuses, or is not Linux."""
    function = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if function is None:
        raise OSError(f"{name}: this system has no such call")
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
