"""`xgboost`: XGBoost's gradient boosting of trees."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import Rows
from ..parameters import Parameter
from ..state import State
from ..task import Task
from ..threads import used_threads
from .columns import Columns
from .forest import Forest, Tree, export_forest
from .link import answers_of
from .seeds import segment_seed

_FILE = "model.ubj"


class XgBoost:
    """Segments go on from the saved model. Its thresholds are float32 already."""

    parameters = (
        Parameter("n_estimators", 100, "Number of trees, for each class if there are several.", 1, 10_000),
        Parameter("learning_rate", 0.3, "How much each tree corrects.", 1e-6, 1),
        Parameter("max_depth", 6, "Most splits from root to leaf.", 1, 16),
        Parameter("min_child_weight", 1.0, "Least sum of second derivatives in a leaf.", 0, 1e9),
        Parameter("gamma", 0.0, "Least gain of a split.", 0, 1e9),
        Parameter("reg_alpha", 0.0, "Penalty on the size of the values of leaves.", 0, 1e6),
        Parameter("reg_lambda", 1.0, "Penalty on the squares of the values of leaves.", 0, 1e6),
        Parameter("subsample", 1.0, "Share of rows that each tree is fitted on.", 0.001, 1),
        Parameter("colsample_bytree", 1.0, "Share of features that each tree may use.", 0.001, 1),
        Parameter("max_bin", 256, "Distinct values a feature is binned into.", 2, 1024),
    )
    fit_modules = ("xgboost", "sklearn.preprocessing")
    export_modules = ("onnx",)
    packages = ("numpy", "onnx", "scikit-learn", "xgboost-cpu")
    library = "xgboost-cpu"

    def begin(self, rows: Rows, parameters: Mapping[str, Any], seed: int, before: State | None = None) -> XgBoostFit:
        return XgBoostFit(rows, parameters, seed, before)

    def facts(self, fit: XgBoostFit) -> dict[str, Any]:
        return fit.facts


ESTIMATOR = XgBoost()


class XgBoostFit:
    """A booster that grows from its saved bytes, or at first from those of the one before."""

    def __init__(self, rows: Rows, parameters: Mapping[str, Any], seed: int, before: State | None) -> None:
        import xgboost

        self.steps: int = parameters["n_estimators"]
        self.done = 0
        self.files: Mapping[str, bytes] = {}
        self._task, self._seed, self._before = rows.task, seed, before
        self._columns = Columns(rows, before.facts["texts"] if before else None)
        self._mean: float = before.facts["mean"] if before else float(rows.label.mean())
        self._parameters = _library_parameters(rows.task, parameters, self._mean)
        # float32 sums of values far from zero would lose their last digits.
        self._offset = self._mean if rows.task.is_regression else 0.0
        self._data = xgboost.DMatrix(
            self._columns.matrix(rows, np.float32), rows.label - self._offset, nthread=used_threads()
        )

    @property
    def facts(self) -> dict[str, Any]:
        return {"texts": self._columns.known, "mean": self._mean}

    def grow(self, steps: int) -> None:
        import xgboost

        seed = segment_seed(self._seed, self.done + (self._before.trees if self._before else 0))
        booster = xgboost.train(
            {**self._parameters, "seed": seed},
            self._data,
            num_boost_round=steps,
            xgb_model=self._booster() if self.files or self._before else None,
        )
        self.done += steps
        self.files = {_FILE: bytes(booster.save_raw("ubj"))}

    def model(self) -> XgBoostModel:
        return XgBoostModel(self._task, self._columns, self._booster(), self._offset)

    def _booster(self) -> Any:
        import xgboost

        files = self.files or (self._before.files if self._before else {})
        return xgboost.Booster({"nthread": used_threads()}, model_file=bytearray(files[_FILE]))


def _library_parameters(task: Task, given: Mapping[str, Any], mean: float) -> dict[str, Any]:
    known = {each.name: given[each.name] for each in XgBoost.parameters if each.name != "n_estimators"}
    objective = {
        # Where the scores begin is said here, not guessed by the library, so that the export knows it.
        "binary": {"objective": "binary:logistic", "base_score": mean},
        "multiclass": {"objective": "multi:softprob", "base_score": 0.0, "num_class": len(task.classes)},
        "regression": {"objective": "reg:squarederror", "base_score": 0.0},
    }[task.kind]
    return {**known, **objective, "tree_method": "hist", "nthread": used_threads(), "verbosity": 0}


class XgBoostModel:
    """Encoder and booster, fitted."""

    def __init__(self, task: Task, columns: Columns, booster: Any, offset: float) -> None:
        self._task, self._columns, self._booster, self._offset = task, columns, booster, offset

    def predict(self, rows: Rows) -> NDArray[Any]:
        import xgboost

        data = xgboost.DMatrix(self._columns.matrix(rows, np.float32), nthread=used_threads())
        answers: NDArray[Any] = self._booster.predict(data).astype(np.float64)
        return answers + self._offset if self._task.is_regression else answers

    def stages(self, rows: Rows, steps: Sequence[int]) -> Iterator[NDArray[Any]]:
        import xgboost

        data = xgboost.DMatrix(self._columns.matrix(rows, np.float32), nthread=used_threads())
        for before, step in zip((0, *steps), steps, strict=False):
            scores = self._booster.predict(data, output_margin=True, iteration_range=(before, step))
            # The next trees are added to that.
            data.set_base_margin(scores)
            yield answers_of(self._task, scores).astype(np.float64) + self._offset

    def to_onnx(self) -> bytes:
        learner = json.loads(bytes(self._booster.save_raw("json")))["learner"]
        model = learner["gradient_booster"]["model"]
        trees = [_tree(tree, target) for tree, target in zip(model["trees"], model["tree_info"], strict=True)]
        link = {"binary": "Sigmoid", "multiclass": "Softmax", "regression": None}[self._task.kind]
        base = [self._offset] if self._task.is_regression else [0.0]
        if self._task.kind == "binary":
            share = float(learner["learner_model_param"]["base_score"].strip("[]"))
            base = [float(np.log(share / (1 - share)))]
        return export_forest(self._task, self._columns, Forest(trees, True, base, link))


def _tree(tree: Mapping[str, Any], target: int) -> Tree:
    left = np.array(tree["left_children"], np.int64)
    # In a leaf the condition is the leaf's value.
    conditions = np.array(tree["split_conditions"], np.float32)
    return Tree(
        column=np.where(left < 0, -1, np.array(tree["split_indices"], np.int64)),
        threshold=conditions,
        left=left,
        right=np.array(tree["right_children"], np.int64),
        missing_left=np.array(tree["default_left"], bool),
        value=conditions.reshape(-1, 1),
        targets=[target],
    )
