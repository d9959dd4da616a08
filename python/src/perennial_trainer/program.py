"""The forked process becomes the program of a job."""

from __future__ import annotations

import atexit
import gc
import json
import os
import resource
import runpy
import signal
import sys
import threading
import traceback
from types import TracebackType
from typing import Any, NoReturn

from .ending import leave
from .errors import TrainerError
from .threads import use_threads

#: What asks a program to end. Its supervisor has them blocked.
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
#: By the name of a limit in a job.
_LIMITS = {
    "memoryBytes": resource.RLIMIT_DATA,
    "cpuSeconds": resource.RLIMIT_CPU,
    "fileBytes": resource.RLIMIT_FSIZE,
    "openFiles": resource.RLIMIT_NOFILE,
}
#: Memory that a program gets beyond what the libraries have taken: with less, even an error cannot be told.
_LEAST_MEMORY = 32 * 1024 * 1024


def become(job: dict[str, Any], out: int, err: int) -> NoReturn:
    """
    Runs the job's module or file as `python -m` or `python FILE` would: with its folder, streams, environment and
    limits, and with nothing of the host's but the modules that are imported already.
    """
    code = 1
    try:
        os.setsid()
        _own_signals()
        _own_streams(out, err)
        os.chdir(job["folder"])
        _own_environment(job["environment"])
        _limit(job["limits"])
        code = _run(job["program"], [str(each) for each in job["arguments"]])
    except TrainerError as error:
        line = json.dumps({"error": {"code": error.code, "message": str(error)}})
        os.write(1, f"{line}\n".encode())
    except BaseException:
        traceback.print_exc()
    finally:
        leave(code)


def _own_signals() -> None:
    signal.set_wakeup_fd(-1)
    for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(each, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def command_signals() -> None:
    """The signals of a program that need not be Python, which ignores some."""
    _own_signals()
    for each in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(each, signal.SIG_DFL)


def _own_streams(out: int, err: int) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, stream in enumerate((nothing, out, err)):
        os.dup2(stream, number)
    # Modules that were imported keep no files open: what is here are ends of pipes of the host.
    os.closerange(3, 256)


def _own_environment(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    # Read once, before the libraries were imported: they are told the number anew.
    threads = environment.get("OMP_NUM_THREADS", "1")
    if threads.isdigit() and int(threads) > 1:
        use_threads(int(threads))
    if "numpy" in sys.modules:
        # Its state is a copy of the host's, the same for each job.
        sys.modules["numpy"].random.seed()


def _limit(limits: dict[str, int]) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    memory = limits.get("memoryBytes")
    if memory is not None:
        _check_memory(memory)
    for name, number in _LIMITS.items():
        if name not in limits:
            continue
        soft, hard = limits[name], resource.getrlimit(number)[1]
        if hard != resource.RLIM_INFINITY:
            soft = min(soft, hard)
        # Who ignores SIGXCPU is killed some seconds later.
        resource.setrlimit(number, (soft, soft + 5 if name == "cpuSeconds" else soft))


def _check_memory(limit: int) -> None:
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            used = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData:"))
    except (OSError, StopIteration):
        return
    if limit < used + _LEAST_MEMORY:
        raise TrainerError(
            "TRAINER.LIMIT",
            f"run within {limit >> 20} MiB (trainer.limits.memory): the libraries that are imported ahead take "
            f"{used >> 20} MiB of it already. Raise the limit, or name fewer modules in trainer.preload",
        )


def _run(program: dict[str, str], arguments: list[str]) -> int:
    gc.enable()
    sys.argv[1:] = arguments
    try:
        if "file" in program:
            # Nothing in the folder of the code is changed: it is shared with other jobs.
            sys.dont_write_bytecode = True
            sys.path[0] = program["folder"]
            sys.argv[0] = program["file"]
            runpy.run_path(program["file"], run_name="__main__")
        else:
            sys.path[0] = os.getcwd()
            runpy.run_module(program["module"], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as exit:
        code = _exit_code(exit)
    except BaseException as error:
        traceback.print_exception(type(error), error, _of_program(error.__traceback__))
        code = 130 if isinstance(error, KeyboardInterrupt) else 1
    # As at the end of any Python program.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    return code


def _exit_code(exit: SystemExit) -> int:
    if exit.code is None:
        return 0
    if isinstance(exit.code, int):
        return exit.code & 0xFF
    print(exit.code, file=sys.stderr)
    return 1


def _of_program(trace: TracebackType | None) -> TracebackType | None:
    """Without the frames of the host, which tell a data scientist nothing."""
    while trace is not None and (trace.tb_frame.f_globals.get("__name__") in (__name__, "runpy")):
        trace = trace.tb_next
    return trace
