"""One ONNX model, one sequence of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

OPSET = 21
ML_OPSET = 3
IR_VERSION = 10


def to_bytes(model: Any, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    """
    The model with the right names for its inputs and outputs, in the versions that the runtimes here agree on. Opset
    entries are written anew in one order: converters keep them in a set, so that the order, and with it the digest,
    would change from process to process.
    """
    from onnx import helper

    _rename(model.graph, inputs, outputs)
    model.ir_version = IR_VERSION
    del model.opset_import[:]
    model.opset_import.extend([helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)])
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _rename(graph: Any, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Gives inputs and outputs their names, and all values between them names that no feature can have."""
    names = {value.name: name for value, name in zip(graph.input, inputs, strict=True)}
    names.update({value.name: name for value, name in zip(graph.output, outputs, strict=True)})
    taken = set(names.values())

    def renamed(old: str) -> str:
        if old not in names:
            new = f"value_{len(names)}"
            while new in taken:
                new += "_"
            names[old] = new
            taken.add(new)
        return names[old]

    for value in (*graph.input, *graph.output, *graph.initializer):
        value.name = renamed(value.name)
    for node in graph.node:
        # An empty name stands for an optional input or output that is not used.
        node.input[:] = [renamed(name) if name else name for name in node.input]
        node.output[:] = [renamed(name) if name else name for name in node.output]
    del graph.value_info[:]
