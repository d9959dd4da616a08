"""
`python -m perennial_trainer.host ADDRESS [MODULE ...]`: the warm host of a worker. It has imported what trainers need,
and forks for each job, which takes milliseconds where the imports take a second. It never fits or predicts itself:
OpenMP's threads do not survive a fork, and a job would wait for them for ever.

One JSON object a line on standard input, {"run": JOB}; on standard output {"ready": ...} once, or {"failed": ...}, and
{"refused": ...} for a job that could not be forked. All else of a job goes over its own connections to ADDRESS, a Unix
socket (see supervisor.py). The host ends when its standard input closes, and removes the folder of the socket, its own.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import shutil
import signal
import sys
from typing import Any

from .isolation import best_isolation, fork_supervisor
from .kernel import die_with_parent_where_possible
from .supervisor import supervise

#: Not ahead: importing it starts a thread, and takes little.
_NEVER = ("onnxruntime", "torch")
#: What most programs of data scientists use, beside what the built-in estimators need.
_COMMON = ("numpy", "pyarrow.parquet", "pyarrow.compute", "sklearn", "threadpoolctl", "perennial_trainer.run")


def main(address: str, modules: list[str]) -> None:
    """Serves jobs until standard input closes."""
    events = os.fdopen(os.dup(1), "wb", buffering=0)
    # What libraries print while they are imported is log.
    os.dup2(2, 1)
    # Where that is not possible the end of standard input has to do.
    die_with_parent_where_possible()
    isolation = best_isolation()
    try:
        missing = _import_all(modules) if modules else _import_usual()
    except Exception as error:
        _say(events, {"failed": f"import {error.args[0]}: {error.__cause__ or error}"})
        return
    gc.collect()
    gc.freeze()
    gc.disable()
    # From now on the end of standard input is heard at once, and there is something to do then.
    die_with_parent_where_possible(False)
    _say(events, {"ready": {"isolation": isolation, "missing": missing}})
    _serve(events, address, isolation)
    shutil.rmtree(os.path.dirname(address), ignore_errors=True)


def _import_all(modules: list[str]) -> list[str]:
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception as error:
            raise ImportError(module) from error
    return []


def _import_usual() -> list[str]:
    """What built-in estimators need; who has not installed a library of theirs has no use for it."""
    missing = []
    for module in _usual_modules():
        try:
            importlib.import_module(module)
        except ImportError:
            missing.append(module)
    return missing


def _usual_modules() -> list[str]:
    from .estimators import BUILT_IN, find_estimator

    modules = list(_COMMON)
    for name in BUILT_IN:
        try:
            estimator = find_estimator(name)
        except ImportError:
            continue
        modules += [*estimator.fit_modules, *estimator.export_modules]
    return [each for each in dict.fromkeys(modules) if each.partition(".")[0] not in _NEVER]


def _serve(events: Any, address: str, isolation: str) -> None:
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    pending = b""
    supervisors: dict[int, str] = {}
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _reap(events, supervisors)
        if 0 in ready:
            heard = os.read(0, 1 << 16)
            if not heard:
                return
            *lines, pending = (pending + heard).split(b"\n")
            for line in lines:
                _start(events, address, isolation, json.loads(line)["run"], supervisors)


def _start(events: Any, address: str, isolation: str, job: dict[str, Any], supervisors: dict[int, str]) -> None:
    try:
        supervisors[fork_supervisor(isolation, lambda: supervise(job, address, isolation))] = job["job"]
    except OSError as error:
        _say(events, {"refused": {"job": job["job"], "message": str(error)}})


def _reap(events: Any, supervisors: dict[int, str]) -> None:
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            job = supervisors.pop(pid, None)
            if job is not None and status != 0:
                # The worker, if it still waits for the job, need not wait until its patience ends.
                _say(events, {"refused": {"job": job, "message": "the process that watches over it ended"}})
    except ChildProcessError:
        pass


def _say(events: Any, content: dict[str, Any]) -> None:
    events.write(json.dumps(content).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
