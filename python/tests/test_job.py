from __future__ import annotations

import json
from typing import Any

import pytest
from flights import FEATURES, Flights

from perennial_trainer.errors import TrainerError
from perennial_trainer.job import read_job


def test_a_job_is_read(flights: Flights) -> None:
    job = flights.job()
    assert job.label == "late" and job.seed == 7 and job.parameters == {"max_iter": 20}
    assert [feature.name for feature in job.features] == ["distance", "origin", "share late", "night"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"schemaVersion": 2}, "schemaVersion is 2, want 1"),
        ({"label": None}, "'label'"),
        ({"seed": True}, "'seed' is True, want int"),
        ({"parameters": []}, "'parameters'"),
        ({"features": []}, "at least one"),
        ({"features": [*FEATURES, FEATURES[0]]}, "'distance' is listed 2 times"),
        ({"features": [{"name": "label", "type": "number"}]}, "Rename"),
        ({"features": [{"name": "when", "type": "timestamp"}]}, "Derive a number"),
        ({"features": ["distance"]}, "want name and type"),
        ({"task": {"kind": "ranking"}}, "'ranking', want one of binary, multiclass, regression"),
        ({"task": {"kind": "multiclass", "classes": ["a"]}}, "at least two different texts"),
        ({"task": {"kind": "multiclass", "classes": ["1", 1]}}, "at least two different texts"),
        (
            {"task": {"kind": "regression"}, "features": [{"name": "value", "type": "number"}]},
            "no feature can be named 'value'",
        ),
        ({"checkpointEvery": -1}, "0 or more steps"),
        ({"resume": {"checkpoint": "checkpoints/step-5"}}, "'step' is None"),
    ],
)
def test_a_job_that_cannot_be_is_refused_by_name(flights: Flights, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(TrainerError, match="JOB.INVALID|read the job") as caught:
        flights.job(**changes)
    assert caught.value.code == "JOB.INVALID" and named in str(caught.value)


@pytest.mark.parametrize("content", ["{", "[]", json.dumps("x")])
def test_a_file_that_is_no_job_is_refused(flights: Flights, content: str) -> None:
    path = flights.folder / "job.json"
    path.write_text(content)
    with pytest.raises(TrainerError):
        read_job(str(path))


def test_a_missing_job_is_refused() -> None:
    with pytest.raises(TrainerError, match="No such file"):
        read_job("nowhere.json")
