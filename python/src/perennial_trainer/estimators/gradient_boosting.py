"""`gradient-boosting`: scikit-learn's histogram gradient boosting of trees."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import Rows
from ..parameters import Parameter
from ..task import Task
from .columns import Columns
from .float32 import lowered_to_float32

_FILE = "trees.pickle"


class GradientBoosting:
    """scikit-learn's own handling of categories is not used: its export to ONNX answers wrongly, without an error."""

    parameters = (
        Parameter("max_iter", 100, "Number of trees.", 1, 10_000),
        Parameter("learning_rate", 0.1, "How much each tree corrects.", 1e-6, 1),
        Parameter("max_leaf_nodes", 31, "Most leaves of a tree.", 2, 1024),
        Parameter("max_depth", None, "Most splits from root to leaf; null: no limit.", 1, 64, int),
        Parameter("min_samples_leaf", 20, "Fewest rows in a leaf.", 1, 10_000_000),
        Parameter("l2_regularization", 0.0, "Penalty on the values of leaves.", 0, 1e6),
        Parameter("max_features", 1.0, "Share of features that each split may choose from.", 0.001, 1),
        Parameter("max_bins", 255, "Distinct values a feature is binned into.", 2, 255),
        Parameter("early_stopping", False, "Stop when a tenth of the training rows, held back, get no better."),
        Parameter("n_iter_no_change", 10, "Trees without improvement before an early stop.", 1, 1000),
        Parameter("tol", 1e-7, "Least improvement that counts.", 0, 1),
    )
    fit_modules = ("sklearn.ensemble", "sklearn.preprocessing", "sklearn.compose", "sklearn.pipeline")
    export_modules = ("skl2onnx",)
    packages = ("numpy", "onnx", "scikit-learn", "skl2onnx")

    def begin(self, rows: Rows, parameters: Mapping[str, Any], seed: int) -> GradientBoostingFit:
        return GradientBoostingFit(rows, {each.name: parameters[each.name] for each in self.parameters}, seed)


ESTIMATOR = GradientBoosting()


class GradientBoostingFit:
    """Segments are scikit-learn's warm starts of the pickled trees."""

    def __init__(self, rows: Rows, parameters: dict[str, Any], seed: int) -> None:
        self.steps: int = parameters["max_iter"]
        self.done = 0
        self.files: Mapping[str, bytes] = {}
        self._task, self._label = rows.task, rows.label
        self._parameters, self._seed = parameters, seed
        self._columns = Columns(rows)
        self._matrix = self._columns.matrix(rows)
        # scikit-learn cannot bin a column that is missing in every row; as a constant it is never split on.
        self._matrix[:, np.isnan(self._matrix).all(axis=0)] = 0

    def grow(self, steps: int) -> None:
        trees = self._trees() if self.files else self._new_trees()
        trees.set_params(max_iter=self.done + steps, warm_start=True)
        trees.fit(self._matrix, self._label)
        self.done += steps
        if trees.n_iter_ < self.done:
            self.steps = self.done = trees.n_iter_
        self.files = {_FILE: pickle.dumps(trees, protocol=5)}

    def model(self) -> GradientBoostingModel:
        trees = self._trees()
        _fit_thresholds_to_float32(trees)
        return GradientBoostingModel(self._task, self._columns, trees)

    def _trees(self) -> Any:
        return pickle.loads(self.files[_FILE])

    def _new_trees(self) -> Any:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        kind = HistGradientBoostingRegressor if self._task.is_regression else HistGradientBoostingClassifier
        return kind(random_state=self._seed, **self._parameters)


class GradientBoostingModel:
    """Encoder and trees, fitted."""

    def __init__(self, task: Task, columns: Columns, trees: Any) -> None:
        self._task = task
        self._columns = columns
        self._trees = trees

    def predict(self, rows: Rows) -> NDArray[Any]:
        matrix = self._columns.matrix(rows)
        if self._task.is_regression:
            values: NDArray[Any] = self._trees.predict(matrix)
            return values
        return self._answers(self._trees.predict_proba(matrix))

    def stages(self, rows: Rows, steps: Sequence[int]) -> Iterator[NDArray[Any]]:
        matrix = self._columns.matrix(rows)
        trees = self._trees
        all_stages = trees.staged_predict(matrix) if self._task.is_regression else trees.staged_predict_proba(matrix)
        for done, answers in enumerate(all_stages, start=1):
            if done in steps:
                yield answers if self._task.is_regression else self._answers(answers)

    def _answers(self, probabilities: NDArray[Any]) -> NDArray[Any]:
        return probabilities if self._task.is_multiclass else probabilities[:, 1]

    def to_onnx(self) -> bytes:
        from .sklearn_onnx import export

        if self._task.is_multiclass:
            # The converter answers with the classes that it finds there.
            self._trees.classes_ = np.array(self._task.classes)
        return export(self._task, self._columns, self._trees)


def _fit_thresholds_to_float32(trees: Any) -> None:
    for iteration in trees._predictors:
        for tree in iteration:
            tree.nodes["num_threshold"] = lowered_to_float32(tree.nodes["num_threshold"])
