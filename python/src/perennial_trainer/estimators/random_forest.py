"""`random-forest`: scikit-learn's forests of independent trees."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import Rows
from ..parameters import Parameter
from ..task import Task
from ..threads import used_threads
from .columns import Columns
from .float32 import lowered_to_float32
from .forest import Forest, Tree, export_forest
from .seeds import segment_seed


class RandomForest:
    """Each segment is a forest of its own: a checkpoint holds the files of the one before, unchanged, and one more."""

    parameters = (
        Parameter("n_estimators", 100, "Number of trees.", 1, 10_000),
        Parameter("max_depth", None, "Most splits from root to leaf; null: no limit.", 1, 64, int),
        Parameter("max_leaf_nodes", None, "Most leaves of a tree; null: no limit.", 2, 1_000_000, int),
        Parameter("min_samples_leaf", 20, "Fewest rows in a leaf.", 1, 10_000_000),
        Parameter(
            "max_features",
            None,
            "Share of features that each split may choose from; null: their square root.",
            0.001,
            1,
            float,
        ),
        Parameter("max_samples", 1.0, "Rows that a tree draws, with replacement, as a share of all.", 0.001, 1),
    )
    fit_modules = ("sklearn.ensemble", "sklearn.preprocessing")
    export_modules = ("onnx",)
    packages = ("numpy", "onnx", "scikit-learn")

    def begin(self, rows: Rows, parameters: Mapping[str, Any], seed: int) -> RandomForestFit:
        return RandomForestFit(rows, {each.name: parameters[each.name] for each in self.parameters}, seed)


ESTIMATOR = RandomForest()


class RandomForestFit:
    """Segments are pickled scikit-learn forests."""

    def __init__(self, rows: Rows, parameters: dict[str, Any], seed: int) -> None:
        self.steps: int = parameters.pop("n_estimators")
        self.done = 0
        self.files: Mapping[str, bytes] = {}
        self._task, self._seed = rows.task, seed
        self._parameters = {**parameters, "max_features": parameters["max_features"] or "sqrt"}
        self._columns = Columns(rows)
        self._matrix = self._columns.matrix(rows, np.float32)
        self._offset = float(rows.label.mean()) if rows.task.is_regression else 0.0
        self._label = rows.label - self._offset if rows.task.is_regression else rows.label

    def grow(self, steps: int) -> None:
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        kind = RandomForestRegressor if self._task.is_regression else RandomForestClassifier
        forest = kind(
            n_estimators=steps,
            n_jobs=used_threads(),
            random_state=segment_seed(self._seed, self.done),
            **self._parameters,
        ).fit(self._matrix, self._label)
        # Answers are summed in one order.
        forest.set_params(n_jobs=1)
        self.files = {**self.files, f"trees-{self.done:05}.pickle": pickle.dumps(forest, protocol=5)}
        self.done += steps

    def model(self) -> RandomForestModel:
        forests = [pickle.loads(self.files[name]) for name in sorted(self.files)]
        return RandomForestModel(self._task, self._columns, forests, self._offset)


class RandomForestModel:
    """Encoder and forests, fitted."""

    def __init__(self, task: Task, columns: Columns, forests: Sequence[Any], offset: float) -> None:
        self._task, self._columns, self._forests, self._offset = task, columns, forests, offset
        self._trees = sum(len(forest) for forest in forests)

    def predict(self, rows: Rows) -> NDArray[Any]:
        matrix = self._columns.matrix(rows, np.float32)
        answers: NDArray[Any] = np.zeros(())
        for forest in self._forests:
            answer = forest.predict(matrix) if self._task.is_regression else forest.predict_proba(matrix)
            answers = answers + answer * (len(forest) / self._trees)
        return self._answers(answers)

    def stages(self, rows: Rows, steps: Sequence[int]) -> Iterator[NDArray[Any]]:
        matrix = self._columns.matrix(rows, np.float32)
        total: NDArray[Any] = np.zeros(())
        trees = (tree for forest in self._forests for tree in forest)
        for done, tree in enumerate(trees, start=1):
            total = total + (tree.predict(matrix) if self._task.is_regression else tree.predict_proba(matrix))
            if done in steps:
                yield self._answers(total / done)

    def _answers(self, mean: NDArray[Any]) -> NDArray[Any]:
        if self._task.is_regression:
            return mean + self._offset
        return mean if self._task.is_multiclass else mean[:, 1]

    def to_onnx(self) -> bytes:
        trees = [self._tree(each.tree_) for forest in self._forests for each in forest]
        base = [self._offset] if self._task.is_regression else [0.0]
        return export_forest(self._task, self._columns, Forest(trees, False, base, None))

    def _tree(self, tree: Any) -> Tree:
        value = tree.value[:, 0, :] / self._trees
        return Tree(
            column=np.where(tree.children_left < 0, -1, tree.feature),
            threshold=lowered_to_float32(tree.threshold),
            left=tree.children_left,
            right=tree.children_right,
            missing_left=tree.missing_go_to_left.astype(bool),
            value=value if self._task.scores > 1 else value[:, -1:],
            targets=range(self._task.scores),
        )
