"""What a trainer says about its own model: shown to people, never used by a gate."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def measure(label: NDArray[np.int64], probability: NDArray[Any]) -> dict[str, float]:
    """Brier score, log loss, accuracy at one half, and, where both classes are there, the area under the ROC curve."""
    share = np.asarray(probability, dtype=np.float64)
    of_truth = np.clip(np.where(label == 1, share, 1 - share), 1e-15, 1)
    found = {
        "brier": float(np.mean((share - label) ** 2)),
        "logLoss": float(-np.mean(np.log(of_truth))),
        "accuracy": float(np.mean((share >= 0.5) == (label == 1))),
    }
    positives = int(label.sum())
    if 0 < positives < len(label):
        found["auc"] = _area_under_curve(label, share, positives)
    return found


def _area_under_curve(label: NDArray[np.int64], share: NDArray[Any], positives: int) -> float:
    """The Mann-Whitney statistic: ties count half."""
    _, place, counts = np.unique(share, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    rank_sum = float(mean_rank[place][label == 1].sum())
    return (rank_sum - positives * (positives + 1) / 2) / (positives * (len(label) - positives))
