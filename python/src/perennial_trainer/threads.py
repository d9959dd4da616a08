"""How many threads the numerical libraries may use."""

from __future__ import annotations

import os
import sys

from .errors import TrainerError
from .job import Job

_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def limit_threads(job: Job) -> None:
    """
    Fixes the number of threads: the job's parameter `threads`, else OMP_NUM_THREADS, else 1. One is the default since
    OpenMP threads wait for each other by spinning: where the cores are shared with other programs, two threads were up
    to 40 times slower than one.
    """
    use_threads(_threads(job))


def use_threads(threads: int) -> None:
    """
    Sets the number of threads of libraries that are not imported yet, which read it then, and of those that are (in a
    process forked from a warm host they were imported with one).
    """
    for variable in _VARIABLES:
        os.environ[variable] = str(threads)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits

        threadpool_limits(threads)


def used_threads() -> int:
    """What was chosen, for libraries that want to be told at each call."""
    return int(os.environ.get("OMP_NUM_THREADS") or 1)


def _threads(job: Job) -> int:
    found = job.parameters.get("threads", os.environ.get("OMP_NUM_THREADS") or 1)
    try:
        threads = int(found)
    except (TypeError, ValueError):
        threads = 0
    if isinstance(found, bool) or not 1 <= threads <= 256:
        raise TrainerError("PARAMETERS.INVALID", f"use {found!r} threads: want a whole number from 1 to 256")
    return threads
