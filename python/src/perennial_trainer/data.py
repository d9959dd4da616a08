"""Rows of one split, read from Parquet and made ready for an estimator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from .column import is_number, is_text, wrong_type
from .errors import TrainerError
from .job import Feature, Job
from .label import read_label
from .task import Task


@dataclass(frozen=True)
class Rows:
    """
    Features and label of some rows. A column of numbers is float32 with NaN for what is missing; a column of text is an
    object array of str with '' for what is missing: exactly what the exported model is given when it serves.
    """

    features: tuple[Feature, ...]
    #: In the order of `features`.
    columns: tuple[NDArray[Any], ...]
    #: 0 or 1; with several classes the place of the class; with regression the value, float64.
    label: NDArray[Any]
    task: Task = Task()

    @property
    def count(self) -> int:
        return len(self.label)

    def with_label(self, label: NDArray[Any]) -> Rows:
        return replace(self, label=label)


def read_rows(job: Job, path: Path, what: str) -> Rows:
    """Reads the job's columns of a Parquet file; `what` names the rows in messages: training, validation."""
    table = _read_table(job, path, what)
    if table.num_rows == 0:
        raise TrainerError("DATA.EMPTY", f"use the {what} rows of {path.name!r}: there are none")
    columns = tuple(_feature(feature, table[feature.name], what) for feature in job.features)
    return Rows(job.features, columns, read_label(job.task, job.label, table[job.label], what), job.task)


def _read_table(job: Job, path: Path, what: str) -> pa.Table:
    try:
        file = pq.ParquetFile(path)
        present = file.schema_arrow.names
        wanted = [*(feature.name for feature in job.features), job.label]
        for column in wanted:
            if column not in present:
                raise _missing(column, present, path, what)
        return file.read(columns=wanted)
    except (OSError, pa.ArrowException) as error:
        raise TrainerError("DATA.UNREADABLE", f"read the {what} rows of {str(path)!r}: {error}") from error


def _missing(column: str, present: list[str], path: Path, what: str) -> TrainerError:
    near = get_close_matches(column, present, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return TrainerError(
        "DATA.COLUMN_MISSING",
        f"read the {what} rows of {path.name!r}: there is no column {column!r}{hint} (found: "
        f"{', '.join(present[:50])})",
    )


def _feature(feature: Feature, column: pa.ChunkedArray, what: str) -> NDArray[Any]:
    if feature.is_text:
        if not is_text(column.type):
            raise wrong_type(feature.name, column, "text", what)
        texts: NDArray[Any] = pc.fill_null(column, "").to_numpy()
        return texts
    if not (is_number(column.type) or pa.types.is_boolean(column.type)):
        raise wrong_type(feature.name, column, "numbers or true/false", what)
    with np.errstate(over="ignore"):
        numbers: NDArray[Any] = column.cast(pa.float64(), safe=False).to_numpy().astype(np.float32)
    if np.isinf(numbers).any():
        raise TrainerError(
            "DATA.INFINITE",
            f"use the column {feature.name!r} of the {what} rows: some values are infinite or beyond 3.4e38, "
            "which the model's 32-bit numbers cannot hold. Make them null, or bound them, where the data is prepared",
        )
    return numbers
