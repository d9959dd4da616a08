"""What a trainer says about its own model: shown to people, never used by a gate."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .task import Task


def measure(task: Task, label: NDArray[Any], prediction: NDArray[Any]) -> dict[str, float]:
    """Metrics of a model's answers; `prediction` is a share, a row of probabilities, or a value for each row."""
    found = np.asarray(prediction, dtype=np.float64)
    return {"binary": _binary, "multiclass": _multiclass, "regression": _regression}[task.kind](label, found)


def _binary(label: NDArray[Any], share: NDArray[Any]) -> dict[str, float]:
    """Brier score, log loss, accuracy at one half, and, where both classes are there, the area under the ROC curve."""
    of_truth = np.where(label == 1, share, 1 - share)
    found = {
        "brier": float(np.mean((share - label) ** 2)),
        "logLoss": _log_loss(of_truth),
        "accuracy": float(np.mean((share >= 0.5) == (label == 1))),
    }
    positives = int(label.sum())
    if 0 < positives < len(label):
        found["auc"] = _area_under_curve(label, share, positives)
    return found


def _multiclass(label: NDArray[Any], probabilities: NDArray[Any]) -> dict[str, float]:
    """Log loss, Brier score (squared errors summed over the classes), and accuracy of the likeliest class."""
    rows = np.arange(len(label))
    error = probabilities.copy()
    error[rows, label] -= 1
    return {
        "logLoss": _log_loss(probabilities[rows, label]),
        "brier": float(np.mean((error**2).sum(axis=1))),
        "accuracy": float(np.mean(probabilities.argmax(axis=1) == label)),
    }


def _regression(label: NDArray[Any], value: NDArray[Any]) -> dict[str, float]:
    """Root mean squared error, mean absolute error, and, where labels differ, the share of variance explained."""
    error = value - label
    squares, spread = float(np.mean(error**2)), float(np.var(label))
    found = {"rmse": squares**0.5, "mae": float(np.mean(np.abs(error)))}
    return {**found, "r2": 1 - squares / spread} if spread > 0 else found


def _log_loss(of_truth: NDArray[Any]) -> float:
    return float(-np.mean(np.log(np.clip(of_truth, 1e-15, 1))))


def _area_under_curve(label: NDArray[Any], share: NDArray[Any], positives: int) -> float:
    """The Mann-Whitney statistic: ties count half."""
    _, place, counts = np.unique(share, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    rank_sum = float(mean_rank[place][label == 1].sum())
    return (rank_sum - positives * (positives + 1) / 2) / (positives * (len(label) - positives))
