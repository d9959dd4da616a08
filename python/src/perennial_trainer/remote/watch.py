"""
What the processes of a job use together, by looking at them some times a second, and whether that is more than they
may. The rules are those of the engine's own workers (src/trainers/job-watch.ts and processor-time.ts). Where there is no
/proc nothing is seen.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterable
from typing import Any

#: Looks are this far apart: the first ones soon, for jobs that are short.
_FIRST_SECONDS = (0.02, 0.05, 0.1)
_SECONDS = 0.2
#: No more processes are looked at in one go.
_MOST_PROCESSES = 4096


class Watch:
    """Of the processes that descend from this one."""

    def __init__(self, limits: dict[str, int]) -> None:
        self._limits = limits
        self._time = ProcessorTime()
        self._peak = 0
        self.looks = 0
        self._next = time.monotonic() + _FIRST_SECONDS[0]

    @property
    def seconds_left(self) -> float:
        """Until the next look is due."""
        return max(0.0, self._next - time.monotonic())

    @property
    def used(self) -> dict[str, Any]:
        """So far, in the words of the engine."""
        return {"cpuSeconds": round(self._time.seconds, 6), "peakMemoryBytes": self._peak}

    def look(self) -> dict[str, Any] | None:
        """The limit that is reached; None when none is."""
        self.looks += 1
        wait = _FIRST_SECONDS[self.looks] if self.looks < len(_FIRST_SECONDS) else _SECONDS
        pids = _descendants(os.getpid())
        cpu = self._time.look(pids)
        most_memory = self._limits.get("memoryBytes")
        memory = _resident_bytes(pids, most_memory)
        self._peak = max(self._peak, memory)
        self._next = time.monotonic() + wait
        for limit, name, found in (
            ("processes", "processes", len(pids)),
            ("memory", "memoryBytes", memory),
            ("cpuTime", "cpuSeconds", cpu),
        ):
            allowed = self._limits.get(name)
            if allowed is not None and found > allowed:
                return {"limit": limit, "allowed": allowed, "found": found}
        return None


class ProcessorTime:
    """
    Of all processes of a job: never more than they took, and maybe a little less. Of two counts, which each leave
    something out, it is the greater one: what those that run have taken, with the ended ones that somebody waited for;
    and what each that was ever seen had taken when it was last seen.
    """

    def __init__(self) -> None:
        self._running: dict[int, tuple[str, float]] = {}
        self._ended = 0.0
        self.seconds = 0.0

    def look(self, pids: Iterable[int]) -> float:
        """Counts again. Parents come first: one that ends while we look is then left out, and not counted twice."""
        waited_for = children_seconds()
        for pid in dict.fromkeys([*pids, *self._running]):
            waited_for += self._look_at(pid)
        seen = self._ended + sum(own for _, own in self._running.values())
        self.seconds = max(self.seconds, waited_for, seen)
        return self.seconds

    def _look_at(self, pid: int) -> float:
        before, times = self._running.get(pid), _times(pid)
        if before is not None and (times is None or times[0] != before[0]):
            # It has ended, though another may have got its number.
            self._ended += before[1]
            del self._running[pid]
            return 0.0
        if times is None:
            return 0.0
        began, own, children = times
        self._running[pid] = (began, own)
        return own + children


def children_seconds() -> float:
    """Processor time of the children of this process that have ended, with what those had waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _descendants(root: int) -> list[int]:
    """Parents first."""
    found = {root: None}
    queue = [root]
    for pid in queue:
        if len(found) >= _MOST_PROCESSES:
            break
        new = [child for child in _children(pid) if child not in found]
        found.update(dict.fromkeys(new))
        queue.extend(new)
    return queue[1:]


def _children(pid: int) -> list[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    # Each thread has children of its own.
    texts = (_read(f"/proc/{pid}/task/{thread}/children") for thread in threads)
    return [int(child) for text in texts for child in text.split()]


def _resident_bytes(pids: list[int], limit: int | None) -> int:
    """Shared pages are counted once when the sum alone would go over the limit: looking closely takes longer."""
    total = sum(_kilobytes(f"/proc/{pid}/status", "VmRSS:") for pid in pids)
    if limit is None or total <= limit:
        return total
    return min(total, sum(_kilobytes(f"/proc/{pid}/smaps_rollup", "Pss:") for pid in pids) or total)


def _kilobytes(file: str, field: str) -> int:
    line = next((line for line in _read(file).splitlines() if line.startswith(field)), None)
    return 0 if line is None else int(line.split()[1]) * 1024


def _times(pid: int) -> tuple[str, float, float] | None:
    """When it began, its own processor time, and that of its children that it has waited for."""
    # The program's name is in brackets and may hold anything.
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if len(fields) < 20:
        return None
    ticks = os.sysconf("SC_CLK_TCK")
    own, children = ((int(fields[at]) + int(fields[at + 1])) / ticks for at in (11, 13))
    return fields[19], own, children


def _read(file: str) -> str:
    try:
        with open(file, encoding="latin1") as source:
            return source.read()
    except OSError:
        # It has ended, or belongs to another user.
        return ""
