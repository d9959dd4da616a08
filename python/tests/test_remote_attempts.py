"""Attempts of a job that is done elsewhere: what they say of themselves, their limits, and what killed ones leave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from depot import Depot
from flights import Flights

from perennial_trainer import remote
from perennial_trainer.remote.place import job_place, remove_leftovers

SLEEPING = ["sh", "-c", "sleep 1000"]
BUSY = "while True: pass"
#: A process of its own that takes so many seconds of processor time.
SPINNING = "import time\nwhile time.process_time() < {}: pass"


def test_an_attempt_says_who_and_where_it_is_and_what_it_used(flights: Flights, depot: Depot) -> None:
    result = remote.train(depot.order(flights))
    begun, *_, used = [line["far"] for line in depot.lines() if "far" in line]
    assert begun["begun"]["worker"] == f"{os.getpid()}@{os.uname().nodename}"
    assert "from" not in begun["begun"] and begun["begun"]["at"].endswith("Z")
    assert used["used"]["cpuSeconds"] == result["usage"]["cpuSeconds"]
    assert used["used"]["wallMs"] > 0


def test_what_an_attempt_used_until_it_was_killed_is_known(flights: Flights, depot: Depot) -> None:
    with killed_far_program(depot.order(flights, command=[sys.executable, "-c", BUSY])):
        wait_for(lambda: any(used_by(line).get("cpuSeconds", 0) > 0.1 for line in depot.lines()))
    done = "open('output/model.onnx', 'w').write('x'); open('output/metrics.json', 'w').write('{}')"
    remote.train(depot.order(flights, command=[sys.executable, "-c", done]))
    begun = [line["far"]["begun"]["worker"] for line in depot.lines() if "begun" in line.get("far", {})]
    assert len(set(begun)) == 2


def test_why_an_attempt_hands_nothing_back_is_said_without_secrets(
    flights: Flights, depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAR_TOKEN", "model.onnx")
    order = depot.order(flights, command=SLEEPING, secrets={"TOKEN": "FAR_TOKEN", "KEY": "FAR_NONE_model.onnx"})
    with pytest.raises(remote.RemoteError):
        remote.train(order)
    assert depot.lines()[-1] == {
        "far": {
            "over": "failed",
            "why": "start the trainer: this machine has no variable FAR_NONE_*** for a secret of it",
        }
    }
    with pytest.raises(remote.Stopped):
        remote.train(depot.order(flights, command=SLEEPING), cancelled=after(1))
    assert depot.lines()[-1] == {"far": {"over": "stopped", "why": "the trainer was ended as asked"}}


def test_a_trainer_cannot_say_what_an_attempt_says(flights: Flights, depot: Depot) -> None:
    line = '{"progress": 1, "far": {"over": "failed", "why": "made up"}}'
    remote.train(depot.order(flights, command=["sh", "-c", f"echo '{line}'"]))
    assert {"log": line} in depot.lines()


@pytest.mark.parametrize(
    ("name", "most", "script", "limit"),
    [
        (
            "memoryBytes",
            300 << 20,
            """
import subprocess, sys, time
eat = "b = bytearray(120 << 20)\\nfor at in range(0, len(b), 4096): b[at] = 1\\nimport time; time.sleep(60)"
for _ in range(3): subprocess.Popen([sys.executable, "-c", eat], start_new_session=True)
time.sleep(60)""",
            "memory",
        ),
        (
            "processes",
            3,
            """
import subprocess, time
for _ in range(5): subprocess.Popen(["sleep", "60"], start_new_session=True)
time.sleep(60)""",
            "processes",
        ),
        (
            "cpuSeconds",
            2,
            f"""
import subprocess, sys
while True: subprocess.run([sys.executable, "-c", {SPINNING.format(0.7)!r}])""",
            "cpuTime",
        ),
    ],
)
def test_a_limit_holds_for_all_processes_together(
    flights: Flights, depot: Depot, name: str, most: int, script: str, limit: str
) -> None:
    result = remote.train(depot.order(flights, command=[sys.executable, "-c", script], limits={name: most}))
    assert result["ending"] == {"kind": "signal", "signal": "SIGKILL"}
    assert result["limit"] == {"limit": limit, "allowed": most, "found": result["limit"]["found"]}
    assert most < result["limit"]["found"] < 4 * most
    assert working_below(depot.folder.parent) == []


def test_rows_that_a_killed_job_left_are_removed_and_those_of_a_running_one_are_not(
    flights: Flights, depot: Depot, tmp_path: Path
) -> None:
    here = tmp_path / "far"
    here.mkdir()
    order = depot.order(flights, command=SLEEPING)
    with killed_far_program(order, TMPDIR=str(here)):
        wait_for(lambda: working_below(here) != [])
    wait_for(lambda: working_below(here) == [])
    [left] = here.iterdir()
    assert (left / "data" / "train.parquet").exists()
    (left / "job" / "locked").mkdir()
    (left / "job" / "locked" / "file").write_text("")
    (left / "job" / "locked").chmod(0)
    with job_place(str(here)) as mine:
        assert list(here.iterdir()) == [mine]
        remove_leftovers(here)
        # In another process, as another container on this folder would.
        subprocess.run(
            [sys.executable, "-c", SWEEP, str(here)], check=True, env={"PYTHONPATH": os.pathsep.join(sys.path)}
        )
        assert list(here.iterdir()) == [mine]
    assert list(here.iterdir()) == []


SWEEP = """
import pathlib, sys
from perennial_trainer.remote.place import remove_leftovers
remove_leftovers(pathlib.Path(sys.argv[1]))
"""


@contextmanager
def killed_far_program(order: dict[str, Any], **environment: str) -> Iterator[None]:
    """A job in a process of its own, which is killed in the end."""
    path = {"PYTHONPATH": os.pathsep.join(sys.path), "PERENNIAL_ORDER": json.dumps(order)}
    program = subprocess.Popen(
        [sys.executable, "-m", "perennial_trainer.remote"],
        env={**os.environ, **path, **environment},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        program.kill()
        program.wait()


def used_by(line: dict[str, Any]) -> dict[str, Any]:
    used: dict[str, Any] = line.get("far", {}).get("used", {})
    return used


def working_below(folder: Path) -> list[int]:
    """Processes whose working directory is there."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if Path(os.readlink(f"/proc/{pid}/cwd")).is_relative_to(folder):
                found.append(int(pid))
        except OSError:
            continue
    return found


def after(seconds: float) -> Callable[[], bool]:
    limit = time.monotonic() + seconds
    return lambda: time.monotonic() > limit


def wait_for(reached: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < limit
        time.sleep(0.01)
