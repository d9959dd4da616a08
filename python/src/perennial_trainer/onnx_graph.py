"""Builds ONNX models node by node, from the features of a job to the outputs of its task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .job import Feature
from .onnx_file import ML_OPSET, OPSET, to_bytes
from .task import Task

_ML = "ai.onnx.ml"


class Graph:
    """Nodes in the order of their making. `finish` gives inputs and outputs the names that the contract wants."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self._features = features
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self.inputs = [f"feature_{place}" for place in range(len(features))]

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        """One node with one output, whose name is returned. Operators of `ai.onnx.ml` are written `ml.Name`."""
        from onnx import helper

        output = f"node_{len(self._nodes)}"
        domain = _ML if op.startswith("ml.") else ""
        self._nodes.append(helper.make_node(op.removeprefix("ml."), inputs, [output], domain=domain, **attributes))
        return output

    def constant(self, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def concat(self, values: Sequence[str]) -> str:
        """Columns side by side."""
        return values[0] if len(values) == 1 else self.add("Concat", *values, axis=1)

    def text_number(self, text: str, numbers: Mapping[str, int], default: int) -> str:
        """Float numbers for texts."""
        return self.add(
            "ml.LabelEncoder",
            text,
            keys_strings=list(numbers),
            values_floats=[float(number) for number in numbers.values()],
            default_float=float(default),
        )

    def finish(self, task: Task, scores: str) -> bytes:
        """
        The model. `scores` is `[None, 1]` with a share or a value, or `[None, K]` with the probabilities of the
        classes; float32 or float64.
        """
        from onnx import TensorProto

        answer = self.add("Cast", scores, to=TensorProto.FLOAT)
        if task.is_regression:
            return self._to_bytes({"value": (answer, TensorProto.FLOAT, [None, 1])})
        if not task.is_multiclass:
            other = self.add("Sub", self.constant(np.ones(1, np.float32)), answer)
            answer = self.concat([other, answer])
        label, type_ = self.add("ArgMax", answer, axis=1, keepdims=0), TensorProto.INT64
        if task.is_multiclass:
            places = list(range(len(task.classes)))
            label = self.add("ml.LabelEncoder", label, keys_int64s=places, values_strings=list(task.classes))
            type_ = TensorProto.STRING
        classes = len(task.classes) if task.is_multiclass else 2
        return self._to_bytes(
            {"label": (label, type_, [None]), "probabilities": (answer, TensorProto.FLOAT, [None, classes])}
        )

    def _to_bytes(self, outputs: Mapping[str, tuple[str, int, list[int | None]]]) -> bytes:
        from onnx import TensorProto, helper

        inputs = [
            helper.make_tensor_value_info(name, TensorProto.STRING if feature.is_text else TensorProto.FLOAT, [None, 1])
            for name, feature in zip(self.inputs, self._features, strict=True)
        ]
        values = [helper.make_tensor_value_info(*output) for output in outputs.values()]
        graph = helper.make_graph(self._nodes, "perennial", inputs, values, self._constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(_ML, ML_OPSET)]
        model = helper.make_model(graph, producer_name="perennial", opset_imports=opsets)
        return to_bytes(model, [feature.name for feature in self._features], list(outputs))
