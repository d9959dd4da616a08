"""
`python -m perennial_trainer.remote.keeper JOB.JSON`: the process above a job that is done elsewhere. It starts the
program, holds it to its limits, ends what is left of it, and says on descriptor 3 what it uses and how it went, each a
line of JSON. Signals for the program come by number, one a line, on standard input; when that closes, whoever wanted the
job is gone, and the job is killed.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
from typing import Any

from .. import kernel
from ..isolation import SUBREAPER, best_isolation, fork_supervisor, kill_all, reap
from ..program import SIGNALS, command_signals
from .folder import RAY_ADDRESS
from .watch import Watch, children_seconds

_TELL = 3
#: Looks after each of which it is told what was used.
_TELL_EVERY = 10
#: What the kernel keeps for each process, by the name of a limit in a job. Sums are kept by looking at all of them.
_LIMITS = {
    "memoryBytes": resource.RLIMIT_DATA,
    "cpuSeconds": resource.RLIMIT_CPU,
    "fileBytes": resource.RLIMIT_FSIZE,
    "openFiles": resource.RLIMIT_NOFILE,
}


def main(file: str) -> None:
    with open(file, encoding="utf-8") as source:
        job = json.load(source)
    # It holds the job's environment.
    os.unlink(file)
    # Not the terminal's signals, nor those for the group of whoever started this: it is told on standard input.
    os.setsid()
    # Ray looks for its own processes on the machine: in a namespace of its own a program would wait for them for ever.
    isolation = SUBREAPER if RAY_ADDRESS in job["environment"] else best_isolation()
    keeper = fork_supervisor(isolation, lambda: _keep(job, isolation))
    os.close(0)
    os.close(_TELL)
    os.waitpid(keeper, 0)


def _keep(job: dict[str, Any], isolation: str) -> None:
    if isolation != SUBREAPER:
        kernel.show_own_processes()
    # Not ignored: what comes for the program before it has begun waits for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    woken = _wake_when_a_child_ends()
    child = os.fork()
    if child == 0:
        _become(job)
    watch = Watch(job["limits"])
    status, limit = _wait(child, woken, watch)
    kill_all(isolation, child)
    end = {"ending": _ending(status), "usage": _in_all(watch)}
    _tell(end if limit is None else {**end, "limit": limit})


def _in_all(watch: Watch) -> dict[str, Any]:
    # The kernel knows exactly what those took that somebody waited for, and the memory of each; looks saw their sums.
    seen, largest = watch.used, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return {
        "cpuSeconds": round(max(children_seconds(), seen["cpuSeconds"]), 6),
        "peakMemoryBytes": max(largest, seen["peakMemoryBytes"]),
    }


def _tell(what: dict[str, Any]) -> None:
    try:
        os.write(_TELL, json.dumps(what).encode() + b"\n")
    except OSError:
        # Nobody listens any more: that is noticed on standard input.
        pass


def _become(job: dict[str, Any]) -> None:
    try:
        os.setsid()
        kernel.die_with_parent_where_possible()
        command_signals()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.closerange(3, 256)
        os.chdir(job["folder"])
        for name, number in _LIMITS.items():
            if name in job["limits"]:
                _limit(name, number, job["limits"][name])
        os.execvpe(job["command"][0], job["command"], job["environment"])
    except BaseException as error:
        os.write(2, f"start {job['command'][0]!r}: {error}\n".encode())
        os._exit(127)


def _limit(name: str, number: int, soft: int) -> None:
    hard = resource.getrlimit(number)[1]
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    # Who ignores SIGXCPU is killed some seconds later.
    resource.setrlimit(number, (soft, soft + 5 if name == "cpuSeconds" and hard == resource.RLIM_INFINITY else soft))


def _wake_when_a_child_ends() -> int:
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return woken


def _wait(child: int, woken: int, watch: Watch) -> tuple[int | None, dict[str, Any] | None]:
    """
    The status with which the program ended; none when it has to be killed: because of the limit that comes with it, or
    because nobody wants the job any more.
    """
    while True:
        ready, _, _ = select.select([0, woken], [], [], watch.seconds_left)
        if woken in ready:
            os.read(woken, 4096)
        status = reap(child)
        if status is not None:
            return status, None
        if watch.seconds_left == 0:
            limit = watch.look()
            if limit is not None:
                return None, limit
            if watch.looks % _TELL_EVERY == 0:
                _tell({"used": watch.used})
        if 0 in ready:
            heard = os.read(0, 4096)
            if not heard:
                return None, None
            for number in heard.split():
                os.killpg(child, int(number)) if _has_group(child) else os.kill(child, int(number))


def _has_group(child: int) -> bool:
    return os.getpgid(child) == child


def _ending(status: int | None) -> dict[str, Any]:
    code = -signal.SIGKILL if status is None else os.waitstatus_to_exitcode(status)
    if code < 0:
        return {"kind": "signal", "signal": signal.Signals(-code).name}
    return {"kind": "exit", "code": code}


if __name__ == "__main__":
    main(sys.argv[1])
