"""`linear`: logistic regression, for one class or several, and ridge regression for numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import Rows
from ..parameters import Parameter
from ..task import Task


class Linear:
    """
    Numbers are standardised; a missing one counts as the mean, and that it is missing is a column of its own. Each of
    the most frequent texts is a column, all others none. One step, so no checkpoints.
    """

    parameters = (
        Parameter("l2_regularization", 1.0, "Penalty on the weights.", 0, 1e9),
        Parameter(
            "max_categories", 255, "Most frequent texts of a feature that get a weight; the others get none.", 1, 10_000
        ),
        Parameter("max_iter", 1000, "Most rounds of the solver.", 1, 100_000),
        Parameter("tol", 1e-4, "When the solver stops.", 1e-12, 1),
    )
    fit_modules = ("sklearn.linear_model", "scipy.sparse")
    export_modules = ("onnx",)
    packages = ("numpy", "onnx", "scikit-learn")

    def begin(self, rows: Rows, parameters: Mapping[str, Any], seed: int) -> LinearFit:
        return LinearFit(rows, parameters)


ESTIMATOR = Linear()


class LinearFit:
    """The one step."""

    def __init__(self, rows: Rows, parameters: Mapping[str, Any]) -> None:
        self.steps, self.done = 1, 0
        self.files: Mapping[str, bytes] = {}
        self._rows, self._parameters = rows, parameters

    def grow(self, steps: int) -> None:
        rows, task = self._rows, self._rows.task
        self._design = Design(rows, self._parameters["max_categories"])
        model = _solver(task, self._parameters).fit(self._design.matrix(rows), rows.label)
        # One row a column of the matrix, one column a score.
        weights, bias = np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)
        if len(weights) < task.scores:
            # Of two classes scikit-learn scores the second alone.
            weights, bias = np.vstack([0 * weights, weights]), np.concatenate([0 * bias, bias])
        self._weights, self._bias = weights.T, bias
        self._model = model
        self.done += steps

    def model(self) -> LinearModel:
        return LinearModel(self._rows.task, self._design, self._model, self._weights, self._bias)


def _solver(task: Task, parameters: Mapping[str, Any]) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge

    penalty = parameters["l2_regularization"]
    if task.is_regression:
        return Ridge(alpha=penalty, solver="lsqr", max_iter=parameters["max_iter"], tol=parameters["tol"])
    strength = 1 / penalty if penalty else np.inf
    return LogisticRegression(C=strength, max_iter=parameters["max_iter"], tol=parameters["tol"])


class Design:
    """The matrix of a linear model: standardised numbers, which of them are missing, then the texts."""

    def __init__(self, rows: Rows, max_categories: int) -> None:
        self.features = rows.features
        self.texts = [place for place, feature in enumerate(rows.features) if feature.is_text]
        self.numbers = [place for place, feature in enumerate(rows.features) if not feature.is_text]
        self.categories = [_most_frequent(rows.columns[place], max_categories) for place in self.texts]
        numbers = self._numbers(rows)
        there = ~np.isnan(numbers)
        counts = np.maximum(there.sum(axis=0), 1)
        self.mean = np.where(there, numbers, 0).sum(axis=0) / counts
        deviation = np.sqrt((np.where(there, numbers - self.mean, 0) ** 2).sum(axis=0) / counts)
        self.scale = np.where(deviation > 0, deviation, 1)

    def matrix(self, rows: Rows) -> Any:
        from scipy import sparse

        numbers = self._numbers(rows)
        missing = np.isnan(numbers)
        dense = np.hstack([np.where(missing, 0, (numbers - self.mean) / self.scale), missing])
        parts = [sparse.csr_matrix(dense)]
        for place, categories in zip(self.texts, self.categories, strict=True):
            parts.append(_one_hot(rows.columns[place], categories))
        return sparse.hstack(parts, format="csr")

    def _numbers(self, rows: Rows) -> NDArray[np.float64]:
        numbers = np.empty((rows.count, len(self.numbers)))
        for column, place in enumerate(self.numbers):
            numbers[:, column] = rows.columns[place]
        return numbers


def _most_frequent(column: NDArray[Any], most: int) -> list[str]:
    """In alphabetical order; of equally frequent ones the first."""
    texts, counts = np.unique(column.astype(str), return_counts=True)
    kept = np.argsort(-counts, kind="stable")[:most]
    return sorted(str(text) for text in texts[kept])


def _one_hot(column: NDArray[Any], categories: list[str]) -> Any:
    from scipy import sparse

    places = {text: place for place, text in enumerate(categories)}
    found = np.fromiter((places.get(text, -1) for text in column), np.int64, len(column))
    known = np.flatnonzero(found >= 0)
    return sparse.csr_matrix((np.ones(len(known)), (known, found[known])), shape=(len(column), len(categories)))


class LinearModel:
    """Matrix and weights, fitted."""

    def __init__(
        self, task: Task, design: Design, model: Any, weights: NDArray[np.float64], bias: NDArray[np.float64]
    ) -> None:
        self._task, self._design, self._model = task, design, model
        self._weights, self._bias = weights, bias

    def predict(self, rows: Rows) -> NDArray[Any]:
        matrix = self._design.matrix(rows)
        if self._task.is_regression:
            values: NDArray[Any] = self._model.predict(matrix)
            return values
        probabilities: NDArray[Any] = self._model.predict_proba(matrix)
        return probabilities if self._task.is_multiclass else probabilities[:, 1]

    def to_onnx(self) -> bytes:
        from ..onnx_graph import Graph

        graph = Graph(self._design.features)
        parts = [graph.constant(self._bias.reshape(1, -1)), *self._numbers(graph), *self._texts(graph)]
        scores = parts[0]
        for part in parts[1:]:
            scores = graph.add("Add", scores, part)
        if self._task.is_multiclass:
            scores = graph.add("Softmax", scores, axis=1)
        elif not self._task.is_regression:
            scores = graph.add("Sigmoid", scores)
        return graph.finish(self._task, scores)

    def _numbers(self, graph: Any) -> list[str]:
        """What the numbers add to the scores, in float64."""
        design, count = self._design, len(self._design.numbers)
        if count == 0:
            return []
        numbers = graph.add("Cast", graph.concat([graph.inputs[place] for place in design.numbers]), to=11)
        missing = graph.add("IsNaN", numbers)
        centred = graph.add("Sub", numbers, graph.constant(design.mean.reshape(1, -1)))
        standardised = graph.add("Div", centred, graph.constant(design.scale.reshape(1, -1)))
        filled = graph.add("Where", missing, graph.constant(np.zeros((1, 1))), standardised)
        columns = graph.concat([filled, graph.add("Cast", missing, to=11)])
        return [graph.add("MatMul", columns, graph.constant(self._weights[: 2 * count]))]

    def _texts(self, graph: Any) -> list[str]:
        """What each text adds to the scores: the row of its category in a table, whose last row is for the others."""
        added, start = [], 2 * len(self._design.numbers)
        for place, categories in zip(self._design.texts, self._design.categories, strict=True):
            numbers = {text: number for number, text in enumerate(categories)}
            number = graph.add("Cast", graph.text_number(graph.inputs[place], numbers, len(categories)), to=7)
            flat = graph.add("Reshape", number, graph.constant(np.array([-1])))
            table = np.vstack([self._weights[start : start + len(categories)], np.zeros((1, self._task.scores))])
            added.append(graph.add("Gather", graph.constant(table), flat, axis=0))
            start += len(categories)
        return added
