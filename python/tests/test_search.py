"""Trials of a search: what is suggested follows from the trials that are known, whoever asks."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flights import SOURCES, TASKS, TREES, Flights, few_trees, fitted

from perennial_trainer.estimators import Staged
from perennial_trainer.measure import measure
from perennial_trainer.search import _try
from perennial_trainer.search_job import TrialToRun
from perennial_trainer.search_study import PlainStudy

RATE = {"type": "float", "low": 0.001, "high": 1, "log": True}
LEAVES = {"type": "int", "low": 2, "high": 64, "log": True}
NUMBERS = {"learning_rate": RATE, "max_leaf_nodes": LEAVES}
CONDITIONS = {
    "early_stopping": {"type": "categorical", "values": [True, False]},
    "learning_rate": {**RATE, "when": {"early_stopping": [False]}},
    "n_iter_no_change": {"type": "int", "low": 1, "high": 9, "log": False, "when": {"early_stopping": [True]}},
}
NONE: dict[str, Any] = {"kind": "none"}
HALVING = {"kind": "halving", "first": 2, "factor": 3}
MEDIAN = {"kind": "median", "warmup": 0, "after": 3}


class Searches:
    """Runs `perennial_trainer.search` in a folder that has a job."""

    def __init__(self, flights: Flights) -> None:
        self.folder: Path = flights.folder
        flights.write(parameters={"max_iter": 30})

    def run(
        self, numbers: Sequence[int], known: Sequence[Mapping[str, Any]] = (), **study: Any
    ) -> list[dict[str, Any]]:
        what, given = study.pop("what", "fit"), study.pop("given", {})
        (self.folder / "known.jsonl").write_text("".join(json.dumps(trial) + "\n" for trial in known))
        (self.folder / "trials.jsonl").write_text("")
        content = {
            "schemaVersion": 1,
            "what": what,
            "job": "job.json",
            "known": "known.jsonl",
            "results": "trials.jsonl",
            "seconds": study.pop("seconds", 600),
            "trials": [{"number": each, **({"parameters": given[each]} if each in given else {})} for each in numbers],
            "study": {
                "sampler": "tpe",
                "space": NUMBERS,
                "fixed": {},
                "seed": 7,
                "metric": "brier",
                "direction": "minimize",
                "pruner": NONE,
                **study,
            },
        }
        (self.folder / "search.json").write_text(json.dumps(content))
        command = [sys.executable, "-m", "perennial_trainer.search", "search.json"]
        environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
        self.ended = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        return [json.loads(line) for line in (self.folder / "trials.jsonl").read_text().splitlines()]


@pytest.fixture
def searches(flights: Flights) -> Searches:
    return Searches(flights)


def essence(trials: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [(trial["number"], trial["parameters"], trial["state"], trial.get("value")) for trial in trials]


@pytest.mark.parametrize(
    ("sampler", "space", "pruner"),
    [
        ("tpe", NUMBERS, HALVING),
        ("tpe", CONDITIONS, NONE),
        ("tpe", NUMBERS, MEDIAN),
        ("cmaes", NUMBERS, NONE),
        ("qmc", NUMBERS, NONE),
    ],
)
def test_a_search_that_was_cut_goes_on_as_if_it_had_not_been(
    searches: Searches, sampler: str, space: Any, pruner: Any
) -> None:
    study = {"sampler": sampler, "space": space, "pruner": pruner}
    whole = searches.run(range(26), **study)
    first = searches.run(range(9), **study)
    rest = searches.run(range(9, 26), known=first, **study)
    assert essence([*first, *rest]) == essence(whole)
    assert {trial["state"] for trial in whole} <= {"complete", "pruned"}
    assert len({json.dumps(trial["parameters"]) for trial in whole}) > 8
    if pruner is not NONE:
        pruned = [trial for trial in whole if trial["state"] == "pruned"]
        assert pruned and all(trial["points"][-1][1] == trial["value"] for trial in pruned)


def test_dimensions_that_do_not_apply_are_absent(searches: Searches) -> None:
    for trial in searches.run(range(12), space=CONDITIONS):
        stops = trial["parameters"]["early_stopping"]
        assert ("n_iter_no_change" in trial["parameters"]) == stops
        assert ("learning_rate" in trial["parameters"]) != stops


def test_a_trial_that_fails_says_why_and_the_next_one_runs(searches: Searches) -> None:
    trials = searches.run([0, 1], given={0: {"learning_rate": -1}, 1: {"learning_rate": 0.1}})
    assert [trial["state"] for trial in trials] == ["failed", "complete"]
    assert "'learning_rate' is -1" in trials[0]["reason"]
    assert searches.ended.returncode == 0


def test_the_log_says_where_each_trial_begins(searches: Searches) -> None:
    searches.run([3, 4], given={3: {}, 4: {}})
    begun = [line for line in searches.ended.stderr.splitlines() if line.startswith("{")]
    assert [json.loads(line) for line in begun] == [{"trial": each, "state": "running"} for each in (3, 4)]


def test_a_metric_that_is_not_measured_is_a_failure_of_the_trial(searches: Searches) -> None:
    (trial,) = searches.run([0], given={0: {}}, metric="rmse")
    assert trial["state"] == "failed" and "it gave no finite rmse" in trial["reason"]


def test_what_is_not_finite_is_left_out_of_a_trial_which_others_must_be_able_to_read() -> None:
    def diverges(_: Mapping[str, Any], stops: Callable[[int, float], bool]) -> dict[str, float]:
        assert not stops(1, math.nan)
        return {"accuracy": 0.5, "brier": math.nan, "logLoss": math.inf}

    trial = _try(PlainStudy(), TrialToRun(0, {}), "accuracy", diverges)
    assert trial["state"] == "complete" and trial["metrics"] == {"accuracy": 0.5} and "points" not in trial


def test_asking_fits_nothing_and_suggests_what_a_fit_would_have_tried(searches: Searches) -> None:
    known = searches.run(range(12))
    (fitted,) = searches.run([12], known=known)
    (searches.folder / "job.json").unlink()
    (asked,) = searches.run([12], known=known, what="ask")
    assert asked["parameters"] == fitted["parameters"] and "value" not in asked


@pytest.mark.parametrize("kind", list(TASKS))
@pytest.mark.parametrize("name", list(TREES))
def test_a_trial_tells_what_the_model_was_on_its_way(
    searches: Searches, flights: Flights, name: str, kind: str
) -> None:
    job, train, validation = flights.of(kind).rows(estimator=name, parameters=few_trees(name, 20))
    metric = "rmse" if kind == "regression" else "logLoss"
    (trial,) = searches.run([0], given={0: {}}, metric=metric)
    steps = [step for step, _ in trial["points"]]
    assert steps == list(range(2, 22, 2))
    whole = fitted(name, train, **few_trees(name, 20))
    assert isinstance(whole, Staged)
    cut = dict(zip(steps, whole.stages(validation, steps), strict=True))
    for step, value in trial["points"]:
        assert value == pytest.approx(measure(job.task, validation.label, cut[step])[metric], rel=1e-12)
    assert trial["value"] == trial["points"][-1][1]
    for step in (2, 14, 20):
        shorter = fitted(name, train, **few_trees(name, step)).predict(validation)
        assert np.allclose(cut[step], shorter, rtol=1e-6, atol=1e-6)


def test_a_trial_that_stops_by_itself_tells_points_until_there(searches: Searches, flights: Flights) -> None:
    flights.write(parameters={"max_iter": 500, "early_stopping": True, "n_iter_no_change": 2})
    (trial,) = searches.run([0], given={0: {"learning_rate": 0.5}})
    assert 1 < trial["points"][-1][0] < 500
    assert trial["points"][-1][1] == trial["value"]


def test_a_fit_that_cannot_be_cut_tells_no_points(searches: Searches, flights: Flights) -> None:
    flights.write(estimator="linear", parameters={})
    (trial,) = searches.run([0], given={0: {}})
    assert trial["state"] == "complete" and "points" not in trial


def test_no_trial_begins_when_the_time_is_over_but_one_does(searches: Searches) -> None:
    assert [trial["number"] for trial in searches.run([4, 5, 6], seconds=0)] == [4]
