"""The proof that the exported model is the trained model: both answer alike, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .data import Rows
from .errors import TrainerError
from .task import Task

#: Greatest difference of a probability, and of a value as a share of the labels' spread. float32 alone gives some 1e-7.
TOLERANCE = 1e-5
#: What a value may lose beside that because float32 cannot hold it, as a share of the value.
_ROUNDING = 5e-7
_BATCH = 65_536


def check_parity(onnx: bytes, rows: Rows, expected: NDArray[Any], spread: float = 1) -> None:
    """
    Runs the ONNX model on the rows and compares with `expected`, the trained model's own answers: shares of the
    positive class, rows of probabilities, or values, whose labels have the standard deviation `spread`. An export can
    be wrong without an error (scikit-learn's native categoricals are): this is what finds it.
    """
    found = run_onnx(onnx, rows)
    allowed = np.full(rows.count, TOLERANCE)
    if rows.task.is_regression:
        allowed = TOLERANCE * spread + _ROUNDING * np.abs(expected)
    difference = np.abs(found - expected).reshape(rows.count, -1).max(axis=1)
    # Not "greater than": NaN must count as wrong.
    wrong = np.flatnonzero(~(difference <= allowed))
    if wrong.size:
        row = int(wrong[np.argmax(np.nan_to_num(difference[wrong], nan=np.inf))])
        raise TrainerError(
            "PARITY.FAILED",
            f"hand over the model: its ONNX export answers otherwise than the trained model on {wrong.size} of "
            f"{rows.count} validation rows. Row {row}: {_shown(found[row])} exported, {_shown(expected[row])} "
            f"trained, {allowed[row]:g} allowed. This estimator, or a parameter of it, does not survive the export",
        )


def run_onnx(onnx: bytes, rows: Rows) -> NDArray[Any]:
    """The model's shares of the positive class, probabilities or values, from the runtime that serves it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    _check_signature(session, rows)
    output = _outputs(rows.task)[-1][0]
    parts = [
        session.run([output], _feeds(rows, start, min(start + _BATCH, rows.count)))[0]
        for start in range(0, rows.count, _BATCH)
    ]
    answers: NDArray[Any] = np.concatenate(parts)
    return answers if rows.task.is_multiclass else answers[:, -1]


def _shown(answer: Any) -> str:
    return ", ".join(f"{float(each):.6f}" for each in np.atleast_1d(answer))


def _feeds(rows: Rows, start: int, end: int) -> dict[str, NDArray[Any]]:
    return {
        feature.name: column[start:end].reshape(-1, 1)
        for feature, column in zip(rows.features, rows.columns, strict=True)
    }


def _outputs(task: Task) -> list[tuple[str, str, list[int | None]]]:
    if task.is_regression:
        return [("value", "tensor(float)", [None, 1])]
    label = "tensor(string)" if task.is_multiclass else "tensor(int64)"
    classes = len(task.classes) if task.is_multiclass else 2
    return [("label", label, [None]), ("probabilities", "tensor(float)", [None, classes])]


def _check_signature(session: Any, rows: Rows) -> None:
    wanted_inputs = [
        (feature.name, "tensor(string)" if feature.is_text else "tensor(float)", [None, 1]) for feature in rows.features
    ]
    for what, found, wanted in (
        ("inputs", session.get_inputs(), wanted_inputs),
        ("outputs", session.get_outputs(), _outputs(rows.task)),
    ):
        signature = [(each.name, each.type, list(each.shape)) for each in found]
        if signature != wanted:
            raise TrainerError("EXPORT.SIGNATURE", f"hand over the model: its {what} are {signature}, want {wanted}")
