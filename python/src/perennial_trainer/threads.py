"""How many threads the numerical libraries may use."""

from __future__ import annotations

import os
import sys

from .errors import TrainerError
from .job import Job

_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def limit_threads(job: Job) -> None:
    """
    Fixes the number of threads: the job's parameter `threads`, else OMP_NUM_THREADS, else 1. To be called before NumPy
    is imported. One is the default since OpenMP threads wait for each other by spinning: where the cores are shared
    with other programs, two threads were up to 40 times slower than one.
    """
    if "numpy" in sys.modules:
        raise RuntimeError("limit_threads: NumPy is imported already, and has chosen its threads")
    threads = str(_threads(job))
    for variable in _VARIABLES:
        os.environ[variable] = threads
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _threads(job: Job) -> int:
    found = job.parameters.get("threads", os.environ.get("OMP_NUM_THREADS") or 1)
    try:
        threads = int(found)
    except (TypeError, ValueError):
        threads = 0
    if isinstance(found, bool) or not 1 <= threads <= 256:
        raise TrainerError("PARAMETERS.INVALID", f"use {found!r} threads: want a whole number from 1 to 256")
    return threads
