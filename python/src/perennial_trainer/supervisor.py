"""The process above a job's own: starts it, waits for it, ends what is left of it, and says how it went."""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import socket
import sys
from typing import Any

from . import kernel
from .isolation import SUBREAPER, kill_all
from .program import become

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def supervise(job: dict[str, Any], address: str, isolation: str) -> None:
    """
    Runs one job as the worker's request describes it. What it prints goes to the worker over connections of the job's
    own, so that no job waits for another. When the worker closes the one for control, or is gone, the job is killed.
    """
    os.setsid()
    # Of the host: its pipes, which would not close with it.
    os.closerange(3, 256)
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    control, out, err = (_connect(address, job["job"], stream) for stream in ("control", "out", "err"))
    _say(control, {"started": {"pid": _outer_pid()}})
    if isolation != SUBREAPER:
        kernel.show_own_processes()
    woken = _wake_when_a_child_ends()
    child = os.fork()
    if child == 0:
        control.close()
        become(job, out.detach(), err.detach())
    out.close()
    err.close()
    status = _wait(child, control, woken)
    kill_all(isolation)
    _say(control, {"ended": {**_ending(status), **_usage()}})


def _connect(address: str, job: str, stream: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    _say(connection, {"job": job, "stream": stream})
    return connection


def _say(connection: socket.socket, content: dict[str, Any]) -> None:
    try:
        connection.sendall(json.dumps(content).encode() + b"\n")
    except OSError:
        # The worker is gone: the job ends for that.
        pass


def _outer_pid() -> int:
    try:
        # /proc is still that of the worker's namespace.
        return int(os.readlink("/proc/self"))
    except OSError:
        return os.getpid()


def _wake_when_a_child_ends() -> int:
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return woken


def _wait(child: int, control: socket.socket, woken: int) -> int | None:
    """The status with which the child ended; None when the worker does not want it any more."""
    pending = b""
    while True:
        status = _reap(child)
        if status is not None:
            return status
        ready, _, _ = select.select([control.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
        if control.fileno() in ready:
            heard = _receive(control)
            if not heard:
                return None
            *lines, pending = (pending + heard).split(b"\n")
            for line in lines:
                _signal(child, int(json.loads(line)["signal"]))


def _receive(control: socket.socket) -> bytes:
    try:
        return control.recv(4096)
    except OSError:
        return b""


def _reap(child: int) -> int | None:
    """Takes note of whatever has ended, orphans too."""
    found = None
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return found
            if pid == child:
                found = status
    except ChildProcessError:
        return found


def _signal(child: int, number: int) -> None:
    try:
        os.killpg(child, number)
    except OSError:
        # It has no group of its own yet, or has ended.
        try:
            os.kill(child, number)
        except OSError:
            pass


def _ending(status: int | None) -> dict[str, Any]:
    code = -signal.SIGKILL if status is None else os.waitstatus_to_exitcode(status)
    return {"signal": signal.Signals(-code).name} if code < 0 else {"code": code}


def _usage() -> dict[str, float]:
    """Of the job's process and all that came from it: every one of them has been waited for by now."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1 if sys.platform == "darwin" else 1024
    return {"cpuSeconds": round(used.ru_utime + used.ru_stime, 6), "peakMemoryBytes": used.ru_maxrss * unit}
