"""The proof that the exported model is the trained model: both answer alike, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .data import Rows
from .errors import TrainerError

#: Greatest difference of a probability. float32 rounding alone gives some 1e-7.
TOLERANCE = 1e-5
_BATCH = 65_536


def check_parity(onnx: bytes, rows: Rows, expected: NDArray[Any]) -> None:
    """
    Runs the ONNX model on the rows and compares with `expected`, the trained model's shares of the positive class.
    An export can be wrong without an error (scikit-learn's native categoricals are): this is what finds it.
    """
    found = run_onnx(onnx, rows)
    difference = np.abs(found - expected)
    # Not "greater than": NaN must count as wrong.
    wrong = np.flatnonzero(~(difference <= TOLERANCE))
    if wrong.size:
        row = int(wrong[np.argmax(np.nan_to_num(difference[wrong], nan=np.inf))])
        raise TrainerError(
            "PARITY.FAILED",
            f"hand over the model: its ONNX export answers otherwise than the trained model on {wrong.size} of "
            f"{rows.count} validation rows. Row {row}: {float(found[row]):.6f} exported, {float(expected[row]):.6f} "
            f"trained, {TOLERANCE:g} allowed. This estimator, or a parameter of it, does not survive the export",
        )


def run_onnx(onnx: bytes, rows: Rows) -> NDArray[Any]:
    """The model's shares of the positive class, from the runtime that serves it, in one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    _check_signature(session, rows)
    parts = [
        session.run(["probabilities"], _feeds(rows, start, min(start + _BATCH, rows.count)))[0][:, 1]
        for start in range(0, rows.count, _BATCH)
    ]
    return np.concatenate(parts)


def _feeds(rows: Rows, start: int, end: int) -> dict[str, NDArray[Any]]:
    return {
        feature.name: column[start:end].reshape(-1, 1)
        for feature, column in zip(rows.features, rows.columns, strict=True)
    }


def _check_signature(session: Any, rows: Rows) -> None:
    wanted_inputs = [
        (feature.name, "tensor(string)" if feature.is_text else "tensor(float)", [None, 1]) for feature in rows.features
    ]
    wanted_outputs = [("label", "tensor(int64)", [None]), ("probabilities", "tensor(float)", [None, 2])]
    for what, found, wanted in (
        ("inputs", session.get_inputs(), wanted_inputs),
        ("outputs", session.get_outputs(), wanted_outputs),
    ):
        signature = [(each.name, each.type, list(each.shape)) for each in found]
        if signature != wanted:
            raise TrainerError(
                "EXPORT.SIGNATURE", f"hand over the model: its {what} are {signature}, want {wanted}"
            )
