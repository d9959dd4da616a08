"""The label column, as an estimator takes it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .column import is_number, is_text, wrong_type
from .errors import TrainerError
from .task import Task


def read_label(task: Task, name: str, column: pa.ChunkedArray, what: str) -> NDArray[Any]:
    """0 and 1, places of classes, or values, by the kind of task; `what` names the rows: training, validation."""
    if column.null_count:
        raise TrainerError(
            "DATA.LABEL", f"use the label {name!r}: it is missing in {column.null_count} of {len(column)} {what} rows"
        )
    read = {"binary": _two_classes, "multiclass": _classes, "regression": _values}[task.kind]
    return read(task, name, column, what)


def check_something_to_learn(task: Task, name: str, label: NDArray[Any]) -> None:
    """Refuses training rows in which there is nothing to tell apart, or a class is missing."""
    if task.is_multiclass:
        counts = np.bincount(label, minlength=len(task.classes))
        absent = [each for each, count in zip(task.classes, counts, strict=True) if count == 0]
        if absent:
            raise TrainerError(
                "DATA.CLASS_MISSING",
                f"train on {len(label)} rows: the label {name!r} is never {', '.join(map(repr, absent[:5]))}, "
                "want at least one training row of each class",
            )
    elif (label == label[0]).all():
        if task.is_regression:
            only, want, code = f"{label[0]:g}", "more than one value", "DATA.ONE_VALUE"
        else:
            only, want, code = ("true" if label[0] else "false"), "both classes", "DATA.ONE_CLASS"
        raise TrainerError(code, f"train on {len(label)} rows: the label {name!r} is {only} in all, want {want}")


def _two_classes(_: Task, name: str, column: pa.ChunkedArray, what: str) -> NDArray[Any]:
    if not (pa.types.is_boolean(column.type) or is_number(column.type)):
        raise wrong_type(name, column, "true/false or 1/0", what)
    values: NDArray[Any] = column.cast(pa.float64(), safe=False).to_numpy()
    others = values[(values != 0) & (values != 1)]
    if others.size:
        found = ", ".join(f"{value:g}" for value in np.unique(others)[:5])
        raise TrainerError(
            "DATA.LABEL", f"use the label {name!r}: want two classes, 1 and 0 or true and false, and found {found}"
        )
    return values.astype(np.int64)


def _classes(task: Task, name: str, column: pa.ChunkedArray, what: str) -> NDArray[Any]:
    if not (is_text(column.type) or pa.types.is_integer(column.type)):
        raise wrong_type(name, column, "text or whole numbers", what)
    texts = pc.cast(column, pa.string())
    places = pc.index_in(texts, pa.array(task.classes, pa.string()))
    if places.null_count:
        unknown = pc.unique(texts.filter(pc.is_null(places)))[:5].to_pylist()
        raise TrainerError(
            "DATA.LABEL",
            f"use the label {name!r} of the {what} rows: found {', '.join(map(repr, unknown))}, want one of "
            f"{', '.join(map(repr, task.classes[:20]))}",
        )
    found: NDArray[Any] = places.to_numpy().astype(np.int64)
    return found


def _values(_: Task, name: str, column: pa.ChunkedArray, what: str) -> NDArray[Any]:
    if not is_number(column.type):
        raise wrong_type(name, column, "numbers", what)
    values: NDArray[Any] = column.cast(pa.float64(), safe=False).to_numpy()
    # Below the greatest float32 by so much that squares of differences stay finite.
    if not (np.abs(values) <= 1e38).all():
        raise TrainerError(
            "DATA.LABEL", f"use the label {name!r} of the {what} rows: some values are no finite numbers up to 1e38"
        )
    return values
