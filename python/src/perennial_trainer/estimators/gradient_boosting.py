"""`gradient-boosting`: scikit-learn's histogram gradient boosting of trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import Rows
from ..parameters import Parameter


class GradientBoosting:
    """
    Text becomes the number of its category in alphabetical order, -1 where training never saw it; the trees take it from
    there. scikit-learn's own handling of categories is not used: its export to ONNX answers wrongly, without an error.
    """

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

    def fit(self, rows: Rows, parameters: Mapping[str, Any], seed: int) -> GradientBoostingModel:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.preprocessing import OrdinalEncoder

        texts, numbers = _places(rows)
        encoder = None
        if texts:
            encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, dtype=np.float32)
            encoder.fit(_texts(rows, texts))
        trees = HistGradientBoostingClassifier(
            random_state=seed, **{each.name: parameters[each.name] for each in self.parameters}
        )
        matrix = _matrix(rows, texts, numbers, encoder)
        # scikit-learn cannot bin a column that is missing in every row; as a constant it is never split on.
        matrix[:, np.isnan(matrix).all(axis=0)] = 0
        trees.fit(matrix, rows.label)
        _fit_thresholds_to_float32(trees)
        return GradientBoostingModel(rows, encoder, trees)


ESTIMATOR = GradientBoosting()


class GradientBoostingModel:
    """Encoder and trees, fitted."""

    def __init__(self, rows: Rows, encoder: Any | None, trees: Any) -> None:
        self._features = rows.features
        self._texts, self._numbers = _places(rows)
        self._encoder = encoder
        self._trees = trees

    def predict(self, rows: Rows) -> NDArray[Any]:
        matrix = _matrix(rows, self._texts, self._numbers, self._encoder)
        probability: NDArray[Any] = self._trees.predict_proba(matrix)[:, 1]
        return probability

    def to_onnx(self) -> bytes:
        from skl2onnx import convert_sklearn
        from skl2onnx.common.data_types import FloatTensorType, StringTensorType

        from ..onnx_file import ML_OPSET, OPSET, to_bytes

        # Names of our own: the converter changes what is no identifier, and to_bytes gives the right ones back.
        inputs = [
            (f"feature_{place}", (StringTensorType if feature.is_text else FloatTensorType)([None, 1]))
            for place, feature in enumerate(self._features)
        ]
        model = convert_sklearn(
            self._pipeline(),
            name="perennial",
            initial_types=inputs,
            options={"zipmap": False},
            target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET},
        )
        return to_bytes(model, [feature.name for feature in self._features])

    def _pipeline(self) -> Any:
        """Encoder and trees as the one pipeline that the converter wants; nothing is fitted again but its frame."""
        from sklearn.compose import ColumnTransformer
        from sklearn.pipeline import Pipeline

        steps: list[tuple[str, Any, list[int]]] = []
        example = np.ones((1, len(self._features)), dtype=object)
        if self._encoder is not None:
            steps.append(("texts", self._encoder, self._texts))
            example[0, self._texts] = [categories[0] for categories in self._encoder.categories_]
        if self._numbers:
            steps.append(("numbers", "passthrough", self._numbers))
        columns = ColumnTransformer(steps).fit(example)
        if self._encoder is not None:
            # The frame was fitted on one row of a clone: the encoder that knows the categories goes in its place.
            columns.transformers_ = [
                (name, self._encoder if name == "texts" else step, places) for name, step, places in columns.transformers_
            ]
        return Pipeline([("columns", columns), ("trees", self._trees)])


def _fit_thresholds_to_float32(trees: Any) -> None:
    """
    Lowers each threshold to the next float32. All values are float32, so that every row goes the way it went before; but
    the converter rounds thresholds to the nearest float32, which lies on the wrong side of a value now and then.
    """
    for (tree,) in trees._predictors:
        threshold = tree.nodes["num_threshold"]
        with np.errstate(over="ignore"):
            nearest = threshold.astype(np.float32)
        below = np.nextafter(nearest, np.float32(-np.inf))
        tree.nodes["num_threshold"] = np.where(nearest > threshold, below, nearest)


def _places(rows: Rows) -> tuple[list[int], list[int]]:
    """Positions of the features that are text, and of those that are numbers."""
    texts = [place for place, feature in enumerate(rows.features) if feature.is_text]
    numbers = [place for place, feature in enumerate(rows.features) if not feature.is_text]
    return texts, numbers


def _texts(rows: Rows, texts: list[int]) -> NDArray[Any]:
    return np.stack([rows.columns[place] for place in texts], axis=1)


def _matrix(rows: Rows, texts: list[int], numbers: list[int], encoder: Any | None) -> NDArray[Any]:
    """What the trees see: encoded texts first, then numbers, each value exactly a float32."""
    matrix = np.empty((rows.count, len(texts) + len(numbers)), dtype=np.float64)
    if encoder is not None:
        matrix[:, : len(texts)] = encoder.transform(_texts(rows, texts))
    for column, place in enumerate(numbers, start=len(texts)):
        matrix[:, column] = rows.columns[place]
    return matrix
