"""`lightgbm`: LightGBM's gradient boosting of trees."""

from __future__ import annotations

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
from .float32 import lowered_to_float32
from .forest import Forest, Tree, export_forest
from .link import answers_of
from .seeds import segment_seed

_FILE = "model.txt"


class LightGbm:
    """Segments go on from the model's text, which holds every number exactly."""

    parameters = (
        Parameter("n_estimators", 100, "Number of trees, for each class if there are several.", 1, 10_000),
        Parameter("learning_rate", 0.1, "How much each tree corrects.", 1e-6, 1),
        Parameter("num_leaves", 31, "Most leaves of a tree.", 2, 1024),
        Parameter("max_depth", None, "Most splits from root to leaf; null: no limit.", 1, 64, int),
        Parameter("min_child_samples", 20, "Fewest rows in a leaf.", 1, 10_000_000),
        Parameter("reg_alpha", 0.0, "Penalty on the size of the values of leaves.", 0, 1e6),
        Parameter("reg_lambda", 0.0, "Penalty on the squares of the values of leaves.", 0, 1e6),
        Parameter("subsample", 1.0, "Share of rows that each tree is fitted on.", 0.001, 1),
        Parameter("colsample_bytree", 1.0, "Share of features that each tree may use.", 0.001, 1),
        Parameter("max_bin", 255, "Distinct values a feature is binned into.", 2, 255),
    )
    fit_modules = ("lightgbm", "sklearn.preprocessing")
    export_modules = ("onnx",)
    packages = ("lightgbm", "numpy", "onnx", "scikit-learn")
    library = "lightgbm"

    def begin(
        self, rows: Rows, parameters: Mapping[str, Any], seed: int, before: State | None = None
    ) -> LightGbmFit:
        return LightGbmFit(rows, parameters, seed, before)

    def facts(self, fit: LightGbmFit) -> dict[str, Any]:
        return fit.facts


ESTIMATOR = LightGbm()


class LightGbmFit:
    """A booster that grows from its text, or at first from that of the one before."""

    def __init__(self, rows: Rows, parameters: Mapping[str, Any], seed: int, before: State | None) -> None:
        import lightgbm

        self.steps: int = parameters["n_estimators"]
        self.done = 0
        self.files: Mapping[str, bytes] = {}
        self._task, self._seed, self._before = rows.task, seed, before
        self._columns = Columns(rows, before.facts["texts"] if before else None)
        self._parameters = _library_parameters(rows.task, parameters, seed)
        # float32 sums of values far from zero would lose their last digits.
        mean = float(rows.label.mean()) if rows.task.is_regression else 0.0
        self._offset: float = before.facts["offset"] if before else mean
        self._data = lightgbm.Dataset(
            self._columns.matrix(rows), rows.label - self._offset, params=self._parameters, free_raw_data=False
        )

    @property
    def facts(self) -> dict[str, Any]:
        return {"texts": self._columns.known, "offset": self._offset}

    def grow(self, steps: int) -> None:
        import lightgbm

        seed = segment_seed(self._seed, self.done + (self._before.trees if self._before else 0))
        booster = lightgbm.train(
            {**self._parameters, "bagging_seed": seed, "feature_fraction_seed": seed},
            self._data,
            num_boost_round=steps,
            init_model=self._booster() if self.files or self._before else None,
        )
        self.done += steps
        self.files = {_FILE: booster.model_to_string(num_iteration=-1).encode()}

    def model(self) -> LightGbmModel:
        return LightGbmModel(self._task, self._columns, self._booster(), self._offset)

    def _booster(self) -> Any:
        import lightgbm

        files = self.files or (self._before.files if self._before else {})
        return lightgbm.Booster(model_str=files[_FILE].decode())


def _library_parameters(task: Task, given: Mapping[str, Any], seed: int) -> dict[str, Any]:
    known = {each.name: given[each.name] for each in LightGbm.parameters if each.name != "n_estimators"}
    objectives: dict[str, dict[str, Any]] = {
        "binary": {"objective": "binary"},
        "multiclass": {"objective": "multiclass", "num_class": len(task.classes)},
        "regression": {"objective": "regression"},
    }
    return {
        **known,
        **objectives[task.kind],
        "max_depth": known["max_depth"] or -1,
        "subsample_freq": 1 if known["subsample"] < 1 else 0,
        "data_random_seed": seed % 2**31,
        "deterministic": True,
        "force_row_wise": True,
        "feature_pre_filter": False,
        "num_threads": used_threads(),
        "verbose": -1,
    }


class LightGbmModel:
    """Encoder and booster, fitted."""

    def __init__(self, task: Task, columns: Columns, booster: Any, offset: float) -> None:
        self._task, self._columns, self._booster, self._offset = task, columns, booster, offset

    def predict(self, rows: Rows) -> NDArray[Any]:
        answers: NDArray[Any] = self._booster.predict(self._columns.matrix(rows), num_threads=1)
        return answers + self._offset if self._task.is_regression else answers

    def stages(self, rows: Rows, steps: Sequence[int]) -> Iterator[NDArray[Any]]:
        matrix = self._columns.matrix(rows)
        scores: Any = self._offset if self._task.is_regression else 0.0
        for before, step in zip((0, *steps), steps, strict=False):
            scores = scores + self._booster.predict(
                matrix, start_iteration=before, num_iteration=step - before, raw_score=True, num_threads=1
            )
            yield answers_of(self._task, scores)

    def to_onnx(self) -> bytes:
        blocks = self._booster.model_to_string(num_iteration=-1).split("\nTree=")[1:]
        trees = [_tree(block, number % self._task.scores) for number, block in enumerate(blocks)]
        link = {"binary": "Sigmoid", "multiclass": "Softmax", "regression": None}[self._task.kind]
        base = [self._offset] if self._task.is_regression else [0.0]
        return export_forest(self._task, self._columns, Forest(trees, False, base, link))


def _tree(block: str, target: int) -> Tree:
    """A tree of the model's text: branches first, then leaves, which its children name as -1, -2 and so on."""
    fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)

    def numbers(name: str, dtype: type) -> NDArray[Any]:
        return np.array(fields.get(name, "").split(), dtype=dtype)

    leaves = numbers("leaf_value", np.float64)
    branches = len(leaves) - 1
    threshold = numbers("threshold", np.float64)[:branches]
    decision = numbers("decision_type", np.int64)[:branches]
    left, right = (numbers(name, np.int64)[:branches] for name in ("left_child", "right_child"))
    # Two bits say what a missing value is; where training saw none, it counts as zero.
    missing_left = np.where(decision >> 2 & 3 == 2, decision & 2 != 0, threshold >= 0)
    none = np.zeros(len(leaves), np.int64)
    return Tree(
        column=np.concatenate([numbers("split_feature", np.int64)[:branches], none - 1]),
        threshold=np.concatenate([lowered_to_float32(threshold), none.astype(np.float32)]),
        left=np.concatenate([np.where(left < 0, branches + ~left, left), none]),
        right=np.concatenate([np.where(right < 0, branches + ~right, right), none]),
        missing_left=np.concatenate([missing_left, none.astype(bool)]),
        value=np.concatenate([np.zeros(branches), leaves]).reshape(-1, 1),
        targets=[target],
    )
