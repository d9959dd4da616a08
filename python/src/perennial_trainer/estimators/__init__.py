"""The table of built-in estimators. To add one: a file here that has ESTIMATOR, and a line in the table."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module

from ..errors import TrainerError
from .estimator import Estimator, Fit, Lasting, Model, Staged

__all__ = ["BUILT_IN", "Estimator", "Fit", "Lasting", "Model", "Staged", "find_estimator"]

#: By the name that a spec gives: the module, imported only when it is asked for.
BUILT_IN = {
    "linear": "linear",
    "random-forest": "random_forest",
    "gradient-boosting": "gradient_boosting",
    "lightgbm": "lightgbm",
    "xgboost": "xgboost",
}


def find_estimator(name: str) -> Estimator:
    """The built-in estimator of that name; TrainerError `ESTIMATOR.UNKNOWN` lists what there is."""
    if name not in BUILT_IN:
        near = get_close_matches(name, BUILT_IN, n=1, cutoff=0.5)
        hint = f", did you mean {near[0]!r}?" if near else ""
        # Whoever shows the error says which one was asked for.
        raise TrainerError(
            "ESTIMATOR.UNKNOWN", f"there is no estimator of that name{hint} (known: {', '.join(BUILT_IN)})"
        )
    estimator: Estimator = import_module(f".{BUILT_IN[name]}", __name__).ESTIMATOR
    return estimator
