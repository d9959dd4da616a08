"""A made-up table of flights, and jobs on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from perennial_trainer.data import Rows, read_rows
from perennial_trainer.estimators import Model, find_estimator
from perennial_trainer.job import Job, read_job
from perennial_trainer.parameters import check_parameters
from perennial_trainer.segments import fit_whole

FEATURES = [
    {"name": "distance", "type": "integer"},
    {"name": "origin", "type": "string"},
    {"name": "share late", "type": "number"},
    {"name": "night", "type": "boolean"},
]
TASKS: dict[str, dict[str, Any]] = {
    "binary": {"kind": "binary"},
    "multiclass": {"kind": "multiclass", "classes": ["on time", "late", "éarly"]},
    "regression": {"kind": "regression"},
}
#: By estimator: the parameter for the number of trees, where there are any.
TREES = {
    "random-forest": "n_estimators",
    "gradient-boosting": "max_iter",
    "lightgbm": "n_estimators",
    "xgboost": "n_estimators",
}
SOURCES = Path(__file__).parents[1] / "src"
#: Of a job's process. OpenBLAS rounds otherwise for another processor, also for one that it is told to be on.
ENVIRONMENT = {
    "PYTHONPATH": str(SOURCES),
    **{name: os.environ[name] for name in ("PATH", "OPENBLAS_CORETYPE") if name in os.environ},
}


def table(rows: int = 2000, seed: int = 1) -> pa.Table:
    """Late more often from some airports and when others were; with missing values of each type."""
    random = np.random.default_rng(seed)
    origin = random.integers(0, 40, rows)
    share = random.beta(2, 5, rows)
    night = random.random(rows) < 0.3
    late = random.random(rows) < 1 / (1 + np.exp(2 - 4 * share - (origin % 3)))
    names = np.array([f'Ä{place:02d} "x"' for place in range(40)], dtype=object)
    return pa.table(
        {
            "distance": pa.array(random.integers(50, 3000, rows), mask=random.random(rows) < 0.05),
            "origin": pa.array(names[origin], mask=random.random(rows) < 0.05),
            "share late": pa.array(share, mask=random.random(rows) < 0.05),
            "night": pa.array(night, mask=random.random(rows) < 0.05),
            "late": late,
        }
    )


def labelled(flights: pa.Table, kind: str) -> pa.Table:
    """The same flights with a label of that kind."""
    late = flights["late"].to_numpy(zero_copy_only=False)
    share = np.nan_to_num(flights["share late"].to_numpy(zero_copy_only=False))
    label = {
        "binary": late,
        "multiclass": np.where(late, "late", np.where(share > 0.3, "on time", "éarly")),
        # Far from zero, where float32 has few digits left.
        "regression": 2000 + 10 * share + 3 * late,
    }[kind]
    return flights.set_column(flights.schema.get_field_index("late"), "late", pa.array(label))


def few_trees(estimator: str, trees: int = 12) -> dict[str, Any]:
    """Parameters for a quick fit."""
    return {TREES[estimator]: trees} if estimator in TREES else {}


def fitted(estimator: str, rows: Rows, seed: int = 7, **parameters: Any) -> Model:
    """The model of an undivided fit with few trees."""
    found = find_estimator(estimator)
    given = {**few_trees(estimator), **parameters}
    return fit_whole(found, rows, check_parameters(found.parameters, given), seed)


@dataclass
class Flights:
    """A job's folder: change the tables or the job, then train."""

    folder: Path

    def __post_init__(self) -> None:
        self.train = table()
        self.validation = table(500, seed=2)
        self.task: dict[str, Any] | None = None

    def of(self, kind: str) -> Flights:
        """With labels of that kind."""
        self.train, self.validation = labelled(self.train, kind), labelled(self.validation, kind)
        self.task = TASKS[kind]
        return self

    def write(self, **changes: Any) -> Path:
        """Writes the data and a job with these changes; returns the path of the job file."""
        for name in ("train", "validation"):
            pq.write_table(getattr(self, name), self.folder / f"{name}.parquet")
        job = {
            "schemaVersion": 1,
            "data": {name: str(self.folder / f"{name}.parquet") for name in ("train", "validation")},
            "label": "late",
            "features": FEATURES,
            "estimator": "gradient-boosting",
            "parameters": {"max_iter": 20},
            "seed": 7,
            "timeBudgetSeconds": 60,
            "output": str(self.folder / "output"),
            "checkpoints": str(self.folder / "checkpoints"),
        }
        if self.task is not None:
            job["task"] = self.task
        path = self.folder / "job.json"
        path.write_text(json.dumps({**job, **changes}))
        return path

    def job(self, **changes: Any) -> Job:
        return read_job(str(self.write(**changes)))

    def rows(self, **changes: Any) -> tuple[Job, Rows, Rows]:
        """The job with its training and validation rows."""
        job = self.job(**changes)
        return job, read_rows(job, job.train, "training"), read_rows(job, job.validation, "validation")

    def run(self, environment: dict[str, str] | None = None, **changes: Any) -> Finished:
        """Runs the job as the engine does: in a process of its own."""
        job = self.write(**changes)
        done = subprocess.run(
            [sys.executable, "-m", "perennial_trainer", str(job)],
            cwd=self.folder,
            env={**ENVIRONMENT, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Finished(done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr)

    @property
    def model(self) -> bytes:
        return (self.folder / "output" / "model.onnx").read_bytes()

    @property
    def metrics(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / "output" / "metrics.json").read_text())
        return content


@dataclass(frozen=True)
class Finished:
    """A trainer process that has ended."""

    code: int
    #: The JSON lines on standard output: nothing else may be there.
    lines: list[dict[str, Any]]
    log: str

    @property
    def error(self) -> dict[str, str]:
        error: dict[str, str] = self.lines[-1]["error"]
        return error
