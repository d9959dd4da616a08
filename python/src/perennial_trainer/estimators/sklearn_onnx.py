"""Exports what scikit-learn's own converter to ONNX understands."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..task import Task
from .columns import Columns


def export(task: Task, columns: Columns, trees: Any) -> bytes:
    """Encoder and trees as one ONNX model."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    from ..onnx_file import ML_OPSET, OPSET, to_bytes

    # Names of our own: the converter changes what is no identifier, and to_bytes gives the right ones back.
    inputs = [
        (f"feature_{place}", (StringTensorType if feature.is_text else FloatTensorType)([None, 1]))
        for place, feature in enumerate(columns.features)
    ]
    model = convert_sklearn(
        _pipeline(columns, trees),
        name="perennial",
        initial_types=inputs,
        options=None if task.is_regression else {"zipmap": False},
        target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET},
    )
    outputs = ["value"] if task.is_regression else ["label", "probabilities"]
    return to_bytes(model, [feature.name for feature in columns.features], outputs)


def _pipeline(columns: Columns, trees: Any) -> Any:
    """Encoder and trees as the one pipeline that the converter wants; nothing is fitted again but its frame."""
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    steps: list[tuple[str, Any, list[int]]] = []
    example = np.ones((1, len(columns.features)), dtype=object)
    if columns.encoder is not None:
        steps.append(("texts", columns.encoder, columns.texts))
        example[0, columns.texts] = [categories[0] for categories in columns.categories]
    if columns.numbers:
        steps.append(("numbers", "passthrough", columns.numbers))
    frame = ColumnTransformer(steps).fit(example)
    if columns.encoder is not None:
        # The frame was fitted on one row of a clone: the encoder that knows the categories goes in its place.
        frame.transformers_ = [
            (name, columns.encoder if name == "texts" else step, places) for name, step, places in frame.transformers_
        ]
    return Pipeline([("columns", frame), ("trees", trees)])
