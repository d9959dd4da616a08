"""Fits that are stopped and go on."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from depot import Depot
from flights import ENVIRONMENT, TASKS, TREES, Flights, fitted

from perennial_trainer import remote
from perennial_trainer.ending import Terminable
from perennial_trainer.estimators import find_estimator
from perennial_trainer.job import Job, Resume
from perennial_trainer.parameters import check_parameters
from perennial_trainer.report import Report
from perennial_trainer.segments import fit_in_segments

#: By estimator: randomness that a resumed fit must draw as an undisturbed one does.
RANDOM: dict[str, dict[str, Any]] = {
    "random-forest": {"max_samples": 0.5},
    "gradient-boosting": {"max_features": 0.5},
    "lightgbm": {"subsample": 0.5, "colsample_bytree": 0.7},
    "xgboost": {"subsample": 0.5, "colsample_bytree": 0.7},
}


def trained(flights: Flights, job: Job) -> tuple[bytes, list[dict[str, Any]]]:
    """The model and what was said on the way."""
    _, train, validation = flights.rows()
    found, said = find_estimator(job.estimator), io.StringIO()
    parameters = check_parameters(found.parameters, job.parameters)
    fit = fit_in_segments(job, found, parameters, train, validation, Report(said)).fit
    return fit.model().to_onnx(), [json.loads(line) for line in said.getvalue().splitlines()]


@pytest.mark.parametrize("kind", list(TASKS))
@pytest.mark.parametrize("name", list(TREES))
def test_a_fit_resumed_at_any_checkpoint_gives_the_same_bytes(flights: Flights, name: str, kind: str) -> None:
    parameters = {TREES[name]: 12, **RANDOM[name]}
    job = flights.of(kind).job(estimator=name, parameters=parameters, checkpointEvery=5)
    undisturbed, said = trained(flights, job)
    assert [line["step"] for line in said if "checkpoint" in line] == [5, 10, 12]
    for step in (5, 10, 12):
        resumed = replace(
            job, resume=Resume(job.checkpoints / f"step-{step}", step), checkpoints=flights.folder / f"after-{step}"
        )
        again, said = trained(flights, resumed)
        assert again == undisturbed, step
        assert said[0] == {
            "progress": round(0.1 + 0.7 * step / 12, 4),
            "message": f"going on after step {step}",
            "step": step,
        }
        assert [line["step"] for line in said if "checkpoint" in line] == [each for each in (5, 10, 12) if each > step]


def test_without_checkpoints_nothing_is_written_or_told(flights: Flights) -> None:
    job = flights.job()
    _, train, _ = flights.rows()
    assert trained(flights, job) == (fitted("gradient-boosting", train, max_iter=20).to_onnx(), [])
    assert not job.checkpoints.exists()
    _, said = trained(flights, replace(job, estimator="linear", parameters={}, checkpoint_every=5))
    assert not job.checkpoints.exists() and [list(line) for line in said] == [
        ["point", "step"],
        ["progress", "message", "step"],
    ]


def test_every_segment_tells_how_good_the_model_is_by_then(flights: Flights) -> None:
    _, said = trained(flights.of("multiclass"), flights.job(parameters={"max_iter": 12}, checkpointEvery=4))
    points = [line for line in said if "point" in line]
    assert [point["step"] for point in points] == [4, 8, 12]
    assert all(set(point["point"]) == {"logLoss", "brier", "accuracy"} for point in points)
    assert points[0]["point"]["logLoss"] > points[2]["point"]["logLoss"]


def test_what_a_resumed_fit_tells_follows_on_what_was_told_with_its_checkpoint(flights: Flights) -> None:
    job = flights.job(parameters={"max_iter": 12}, checkpointEvery=4)
    _, undisturbed = trained(flights, job)
    resumed = replace(job, resume=Resume(job.checkpoints / "step-4", 4), checkpoints=flights.folder / "after-4")
    _, said = trained(flights, resumed)
    told = undisturbed.index({"checkpoint": os.path.relpath(job.checkpoints / "step-4"), "step": 4})
    points = [line for line in undisturbed[:told] + said if "point" in line]
    assert points == [line for line in undisturbed if "point" in line]


class Stored(io.StringIO):
    """Hears a job as a worker does that takes a moment to store each checkpoint, and then removes it."""

    def write(self, text: str) -> int:
        told = json.loads(text).get("checkpoint")
        if told is not None:
            threading.Timer(0.1, shutil.rmtree, [told]).start()
        return super().write(text)


@pytest.mark.parametrize("name", list(TREES))
def test_no_segment_begins_before_the_checkpoint_of_the_last_one_is_stored(
    flights: Flights, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, train, validation = flights.rows(
        estimator=name, parameters={TREES[name]: 12}, checkpointEvery=3, waitForCheckpoints=True
    )
    job.checkpoints.mkdir()
    estimator = find_estimator(name)
    found: list[list[str]] = []

    def begin(*arguments: Any) -> Any:
        fit = type(estimator).begin(estimator, *arguments)
        grow = fit.grow
        monkeypatch.setattr(fit, "grow", lambda steps: (found.append(os.listdir(job.checkpoints)), grow(steps)))
        return fit

    monkeypatch.setattr(estimator, "begin", begin)
    fit_in_segments(
        job, estimator, check_parameters(estimator.parameters, job.parameters), train, validation, Report(Stored())
    )
    assert found == [[], [], [], []]


def test_while_its_checkpoint_is_being_stored_a_job_says_so_and_ends_at_once_when_asked(flights: Flights) -> None:
    job = flights.write(checkpointEvery=2, waitForCheckpoints=True)
    with subprocess.Popen(
        [sys.executable, "-m", "perennial_trainer", str(job)], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            said = next(line for line in map(json.loads, process.stdout) if "waiting" in line.get("message", ""))
            process.terminate()
            assert process.wait(timeout=10) == 143
        finally:
            process.kill()
    assert said["message"] == "step 2 of 20: waiting until its checkpoint is stored" and said["step"] == 2
    assert os.listdir(flights.folder / "checkpoints") == ["step-2"]
    assert not (flights.folder / "output").exists()


class Refused(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_error(403)

    def log_message(self, *_: Any) -> None:
        pass


def test_a_job_elsewhere_goes_on_when_its_checkpoints_cannot_be_stored(flights: Flights, depot: Depot) -> None:
    with HTTPServer(("127.0.0.1", 0), Refused) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        slots = [{"get": "", "put": f"http://127.0.0.1:{server.server_port}/{n}"} for n in range(4)]
        result = remote.train(depot.order(flights, {"checkpointEvery": 5}, checkpoints=slots))
        server.shutdown()
    assert result["ending"] == {"kind": "exit", "code": 0}
    refused = [line["log"] for line in depot.lines() if "was not kept" in line.get("log", "")]
    assert [line.split(" was not kept: ")[0] for line in refused] == [
        f"the checkpoint of step {step}" for step in (5, 10, 15, 20)
    ]


def test_a_fit_that_stops_by_itself_stops_there_when_resumed_too(flights: Flights) -> None:
    parameters = {"max_iter": 300, "early_stopping": True, "learning_rate": 0.5}
    job = flights.job(parameters=parameters, checkpointEvery=15)
    undisturbed, said = trained(flights, job)
    steps = [line["step"] for line in said if "checkpoint" in line]
    assert 1 < len(steps) and steps[-1] < 300
    for step in (steps[0], steps[-1]):
        resumed = replace(
            job, resume=Resume(job.checkpoints / f"step-{step}", step), checkpoints=flights.folder / "other"
        )
        assert trained(flights, resumed)[0] == undisturbed


def test_a_forest_s_checkpoints_hold_the_files_of_those_before_unchanged(flights: Flights) -> None:
    job = flights.job(estimator="random-forest", parameters={"n_estimators": 9}, checkpointEvery=3)
    trained(flights, job)
    first = job.checkpoints / "step-3" / "trees-00000.pickle"
    assert first.read_bytes() == (job.checkpoints / "step-9" / "trees-00000.pickle").read_bytes()


def damaged(folder: Path) -> None:
    (folder / "trees.pickle").unlink()


def of_another_fit(folder: Path) -> None:
    about = json.loads((folder / "about.json").read_text())
    (folder / "about.json").write_text(json.dumps({**about, "fit": "another"}))


@pytest.mark.parametrize("change", [damaged, of_another_fit, shutil.rmtree])
def test_a_checkpoint_that_does_not_fit_is_said_and_not_used(flights: Flights, change: Any) -> None:
    job = flights.job(parameters={"max_iter": 6}, checkpointEvery=3)
    undisturbed, _ = trained(flights, job)
    kept = shutil.copytree(job.checkpoints / "step-3", flights.folder / "kept")
    change(kept)
    again, said = trained(flights, replace(job, resume=Resume(kept, 3)))
    assert again == undisturbed and "beginning anew" in said[0]["message"]
    assert [line["step"] for line in said if "checkpoint" in line] == [3, 6]


def stopped(flights: Flights, number: signal.Signals, after: int, **changes: Any) -> tuple[int, list[dict[str, Any]]]:
    """Runs the job in a process that gets the signal when it has told so many checkpoints; exit code and lines."""
    with subprocess.Popen(
        [sys.executable, "-m", "perennial_trainer", str(flights.write(**changes))],
        cwd=flights.folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(json.loads(line))
            if "checkpoint" in said[-1]:
                after -= 1
                if after == 0:
                    process.send_signal(number)
        return process.wait(timeout=60), said


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("random-forest", signal.SIGTERM),
        ("gradient-boosting", signal.SIGKILL),
        ("lightgbm", signal.SIGTERM),
        ("xgboost", signal.SIGKILL),
    ],
)
def test_a_killed_job_goes_on_from_what_it_told_last(flights: Flights, name: str, number: signal.Signals) -> None:
    changes = {"estimator": name, "parameters": {TREES[name]: 60}, "checkpointEvery": 2, "checkpoints": "checkpoints"}
    flights.train = pa.concat_tables([flights.train] * 4)
    assert flights.run(**changes).code == 0
    undisturbed = flights.model
    for folder in ("output", "checkpoints"):
        shutil.rmtree(flights.folder / folder)

    code, said = stopped(flights, number, 3, **changes)
    assert code == (-signal.SIGKILL if number == signal.SIGKILL else 143)
    assert not (flights.folder / "output").exists()
    told = [line for line in said if "checkpoint" in line]
    assert said[-1] == told[-1] or number == signal.SIGKILL
    os.replace(flights.folder / told[-1]["checkpoint"], flights.folder / "stored")
    shutil.rmtree(flights.folder / "checkpoints")

    done = flights.run(**changes, resume={"checkpoint": "stored", "step": told[-1]["step"]})
    assert done.code == 0 and flights.model == undisturbed
    assert min(line["step"] for line in done.lines if "checkpoint" in line) == told[-1]["step"] + 2


@pytest.mark.parametrize(
    ("grace", "last", "code"),
    [(10, 6.0, None), (10, 9.0, 143), (10, None, None), (None, 1.5, None), (None, 3.0, 143), (None, None, 143)],
)
def test_a_segment_is_finished_when_the_grace_is_long_enough(
    monkeypatch: pytest.MonkeyPatch, grace: float | None, last: float | None, code: int | None
) -> None:
    left: list[int] = []
    monkeypatch.setattr("perennial_trainer.ending.leave", left.append)
    with Terminable(grace) as terminable:
        if last is not None:
            clock = iter([0.0, last])
            monkeypatch.setattr("perennial_trainer.ending.time.monotonic", lambda: next(clock))
            terminable.segment_begins()
            terminable.segment_ends()
            terminable.segment_told()
        monkeypatch.setattr("perennial_trainer.ending.time.monotonic", lambda: 100.0)
        terminable.segment_begins()
        os.kill(os.getpid(), signal.SIGTERM)
        assert left == ([] if code is None else [code])
        terminable.segment_ends()
        terminable.segment_told()
    assert left[-1] == 143


def test_a_segment_that_would_take_long_is_given_up_at_once(flights: Flights) -> None:
    flights.train = pa.concat_tables([flights.train] * 100)
    job = flights.write(parameters={"max_iter": 10_000}, checkpointEvery=10_000)
    with subprocess.Popen(
        [sys.executable, "-m", "perennial_trainer", str(job)], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        next(line for line in process.stdout if "fitting" in line)
        process.terminate()
        assert process.wait(timeout=10) in (143, -signal.SIGTERM)
