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
from perennial_trainer.job import Job, read_job

FEATURES = [
    {"name": "distance", "type": "integer"},
    {"name": "origin", "type": "string"},
    {"name": "share late", "type": "number"},
    {"name": "night", "type": "boolean"},
]
SOURCES = Path(__file__).parents[1] / "src"


def table(rows: int = 2000, seed: int = 1) -> pa.Table:
    """Late more often from some airports and when others were; with missing values of each type."""
    random = np.random.default_rng(seed)
    origin = random.integers(0, 40, rows)
    share = random.beta(2, 5, rows)
    night = random.random(rows) < 0.3
    late = random.random(rows) < 1 / (1 + np.exp(2 - 4 * share - (origin % 3)))
    names = np.array([f"Ä{place:02d} \"x\"" for place in range(40)], dtype=object)
    return pa.table(
        {
            "distance": pa.array(random.integers(50, 3000, rows), mask=random.random(rows) < 0.05),
            "origin": pa.array(names[origin], mask=random.random(rows) < 0.05),
            "share late": pa.array(share, mask=random.random(rows) < 0.05),
            "night": pa.array(night, mask=random.random(rows) < 0.05),
            "late": late,
        }
    )


@dataclass
class Flights:
    """A job's folder: change the tables or the job, then train."""

    folder: Path

    def __post_init__(self) -> None:
        self.train = table()
        self.validation = table(500, seed=2)

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
        path = self.folder / "job.json"
        path.write_text(json.dumps({**job, **changes}))
        return path

    def job(self, **changes: Any) -> Job:
        return read_job(str(self.write(**changes)))

    def rows(self) -> tuple[Job, Rows, Rows]:
        """The job with its training and validation rows."""
        job = self.job()
        return job, read_rows(job, job.train, "training"), read_rows(job, job.validation, "validation")

    def run(self, environment: dict[str, str] | None = None, **changes: Any) -> Finished:
        """Runs the job as the engine does: in a process of its own."""
        job = self.write(**changes)
        done = subprocess.run(
            [sys.executable, "-m", "perennial_trainer", str(job)],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCES), **(environment or {})},
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
