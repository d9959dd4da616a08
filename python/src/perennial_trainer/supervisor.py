"""
The process above a job's own: starts it, waits for it, ends what is left of it, and says how it went.

Forked from a warm host; or `python -m perennial_trainer.supervisor COMMAND ...` for a command of the user's own, where the
kernel allows no PID namespace: descriptor 3 is the worker's connection then.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from . import kernel
from .isolation import SUBREAPER, adopt_orphans, kill_all, reap
from .program import SIGNALS, become, command_signals


def supervise(job: dict[str, Any], address: str, isolation: str) -> None:
    """
    Runs one job as the worker's request describes it. What it prints goes to the worker over connections of the job's
    own, so that no job waits for another. When the worker closes the one for control, or is gone, the job is killed.
    """
    os.setsid()
    # Of the host: its pipes, which would not close with it.
    os.closerange(3, 256)
    control, out, err = (_connect(address, job["job"], stream) for stream in ("control", "out", "err"))
    _watch_over(lambda: become(job, out.detach(), err.detach()), control, isolation, streams=(out, err))


def main(command: list[str]) -> None:
    """Runs a command, which has the streams of this process."""
    adopt_orphans()
    control = socket.socket(fileno=os.dup(3))
    os.close(3)
    _watch_over(lambda: _execute(command), control, SUBREAPER)


def _execute(command: list[str]) -> NoReturn:
    os.setsid()
    command_signals()
    try:
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def _watch_over(
    program: Callable[[], NoReturn], control: socket.socket, isolation: str, streams: tuple[socket.socket, ...] = ()
) -> None:
    # Not ignored: what comes for the job before it is its own program waits for that.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    _say(control, {"started": {"pid": _outer_pid()}})
    if isolation != SUBREAPER:
        kernel.show_own_processes()
    woken = _wake_when_a_child_ends()
    child = os.fork()
    if child == 0:
        control.close()
        if isolation == SUBREAPER:
            kernel.die_with_parent_where_possible()
        program()
    for each in streams:
        each.close()
    status = _wait(child, control, woken)
    kill_all(isolation, child)
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
        status = reap(child)
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


if __name__ == "__main__":
    main(sys.argv[1:])
