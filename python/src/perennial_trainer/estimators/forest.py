"""Trees of any library in one form, and that form as ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..onnx_graph import Graph
from ..task import Task
from .columns import Columns


@dataclass(frozen=True)
class Tree:
    """One tree, node by node; node 0 is the root."""

    #: Columns of the matrix; -1 in a leaf.
    column: NDArray[np.int64]
    #: float32 holds each exactly.
    threshold: NDArray[np.float32]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    #: A missing value goes left.
    missing_left: NDArray[np.bool_]
    #: What a leaf adds to each score of `targets`, one row a node.
    value: NDArray[Any]
    targets: Sequence[int]


@dataclass(frozen=True)
class Forest:
    """Trees whose leaves add up to scores, one for a share or a value, else one a class."""

    trees: Sequence[Tree]
    #: Where "value < threshold" goes left; "value <= threshold" does otherwise.
    strict: bool
    #: Added to the scores.
    base: Sequence[float]
    #: What makes answers of the scores: Sigmoid, Softmax, or nothing.
    link: str | None


def export_forest(task: Task, columns: Columns, forest: Forest) -> bytes:
    """The encoder of texts and the trees as one ONNX model."""
    graph = Graph(columns.features)
    matrix = [
        graph.text_number(graph.inputs[place], *_numbers(**known))
        for place, known in zip(columns.texts, columns.known, strict=True)
    ]
    matrix += [graph.inputs[place] for place in columns.numbers]
    scores = graph.add("ml.TreeEnsembleRegressor", graph.concat(matrix), **_attributes(task, forest))
    if any(forest.base):
        # Not as base_values, which are float32 sums: a value far from zero would lose its last digits.
        scores = graph.add("Cast", scores, to=11)
        scores = graph.add("Add", scores, graph.constant(np.array(forest.base, np.float64)))
    if forest.link == "Softmax":
        scores = graph.add("Softmax", scores, axis=1)
    elif forest.link is not None:
        scores = graph.add(forest.link, scores)
    return graph.finish(task, scores)


def _numbers(categories: Sequence[str], below: int) -> tuple[dict[str, int], int]:
    """Of each category, and of all others."""
    return {text: number for number, text in enumerate(categories, start=-below)}, -below - 1


def _attributes(task: Task, forest: Forest) -> dict[str, Any]:
    trees = forest.trees
    sizes = [len(tree.column) for tree in trees]
    leaf = np.concatenate([tree.column for tree in trees]) < 0
    tree_ids = np.repeat(np.arange(len(trees)), sizes)
    node_ids = np.concatenate([np.arange(size) for size in sizes])
    modes = np.where(leaf, "LEAF", "BRANCH_LT" if forest.strict else "BRANCH_LEQ")

    def of_branches(parts: list[NDArray[Any]]) -> Any:
        return np.where(leaf, 0, np.concatenate(parts))

    return {
        "n_targets": task.scores,
        "nodes_treeids": tree_ids.tolist(),
        "nodes_nodeids": node_ids.tolist(),
        "nodes_modes": modes.tolist(),
        "nodes_featureids": of_branches([tree.column for tree in trees]).tolist(),
        "nodes_values": of_branches([tree.threshold for tree in trees]).tolist(),
        "nodes_truenodeids": of_branches([tree.left for tree in trees]).tolist(),
        "nodes_falsenodeids": of_branches([tree.right for tree in trees]).tolist(),
        "nodes_missing_value_tracks_true": of_branches([tree.missing_left for tree in trees]).astype(int).tolist(),
        **_leaves(forest, leaf, tree_ids, node_ids),
    }


def _leaves(forest: Forest, leaf: NDArray[Any], tree_ids: NDArray[Any], node_ids: NDArray[Any]) -> dict[str, Any]:
    per_node = np.concatenate([np.full(len(tree.column), len(tree.targets)) for tree in forest.trees])
    counts = np.where(leaf, per_node, 0)
    targets = [np.tile(tree.targets, int((tree.column < 0).sum())) for tree in forest.trees]
    values = [tree.value[tree.column < 0].reshape(-1) for tree in forest.trees]
    return {
        "target_treeids": np.repeat(tree_ids, counts).tolist(),
        "target_nodeids": np.repeat(node_ids, counts).tolist(),
        "target_ids": np.concatenate(targets).tolist(),
        "target_weights": np.concatenate(values).astype(np.float64).tolist(),
    }
