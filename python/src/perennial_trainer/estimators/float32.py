"""Thresholds of trees, as ONNX holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def lowered_to_float32(threshold: NDArray[Any]) -> NDArray[np.float32]:
    """
    Each threshold lowered to the next float32. All values are float32, so that "value <= threshold" says for every row
    what it said before; rounded to the nearest, a threshold would lie on the wrong side of a value now and then.
    """
    with np.errstate(over="ignore"):
        nearest: NDArray[np.float32] = threshold.astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf))
    return np.where(nearest > threshold, below, nearest).astype(np.float32)
