"""The network as ONNX, with its preparation inside, in the signature of the job contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from network import Network
from table import Preparation


@dataclass
class Exported:
    content: bytes
    inputs: list[str]

    def greatest_difference(self, columns: dict[str, np.ndarray], expected: np.ndarray) -> float:
        """Between the exported model and the trained one."""
        session = onnxruntime.InferenceSession(self.content)
        feeds = {name: columns[name].reshape(-1, 1) for name in self.inputs}
        found = session.run(None, feeds)[-1][:, -expected.shape[1] :]
        return float(np.abs(found - expected).max())


def export(job: dict[str, Any], preparation: Preparation, network: Network) -> Exported:
    features, kind = job["features"], job["task"]["kind"]
    nodes, constants = [], []

    def constant(values: Any) -> str:
        constants.append(numpy_helper.from_array(np.array(values), f"constant {len(constants)}"))
        return constants[-1].name

    def add(op: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"value {len(nodes)}"
        domain = "ai.onnx.ml" if op == "LabelEncoder" else ""
        nodes.append(helper.make_node(op, inputs, [output], domain=domain, **attributes))
        return output

    parts = []
    if preparation.numbers:
        numbers = add("Concat", *preparation.numbers, axis=1)
        missing = add("IsNaN", numbers)
        centred = add("Sub", numbers, constant(preparation.mean[None, :]))
        standard = add("Div", centred, constant(preparation.scale[None, :]))
        parts.append(add("Where", missing, constant(np.zeros((1, 1), np.float32)), standard))
        parts.append(add("Cast", missing, to=TensorProto.FLOAT))
    for name, places, embedding in zip(preparation.texts, preparation.places, network.embeddings):
        keys, values = list(places), list(places.values())
        place = add("LabelEncoder", name, keys_strings=keys, values_int64s=values, default_int64=0)
        flat = add("Reshape", place, constant([-1]))
        parts.append(add("Gather", constant(embedding.weight.detach().numpy()), flat, axis=0))
    value = add("Concat", *parts, axis=1)
    for number, layer in enumerate(network.layers):
        weight, bias = constant(layer.weight.detach().numpy()), constant(layer.bias.detach().numpy())
        value = add("Gemm", value, weight, bias, transB=1)
        if number + 1 < len(network.layers):
            value = add("Relu", value)

    if kind == "regression":
        scaled = add("Mul", value, constant(np.float32(preparation.label_scale)))
        add("Add", scaled, constant(np.float32(preparation.label_mean)), output="value")
        outputs = [("value", TensorProto.FLOAT, [None, 1])]
    else:
        if kind == "binary":
            share = add("Sigmoid", value)
            other = add("Sub", constant(np.ones((1, 1), np.float32)), share)
            add("Concat", other, share, axis=1, output="probabilities")
        else:
            add("Softmax", value, axis=1, output="probabilities")
        likeliest = add("ArgMax", "probabilities", axis=1, keepdims=0, output="" if kind == "multiclass" else "label")
        label = TensorProto.INT64
        if kind == "multiclass":
            classes, label = job["task"]["classes"], TensorProto.STRING
            add(
                "LabelEncoder", likeliest, keys_int64s=list(range(len(classes))), values_strings=classes, output="label"
            )
        outputs = [("label", label, [None]), ("probabilities", TensorProto.FLOAT, [None, max(2, preparation.outputs)])]

    types = {each["name"]: TensorProto.STRING if each["type"] == "string" else TensorProto.FLOAT for each in features}
    graph = helper.make_graph(
        nodes,
        "mlp",
        [helper.make_tensor_value_info(name, type_, [None, 1]) for name, type_ in types.items()],
        [helper.make_tensor_value_info(*output) for output in outputs],
        constants,
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    return Exported(model.SerializeToString(deterministic=True), list(types))
