"""
`python -m perennial_trainer.estimators`: prints the built-in estimators with their hyperparameters as JSON. Perennial ships
what it prints, so that a spec is checked long before it trains.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from ..parameters import COMMON, Parameter
from . import BUILT_IN, find_estimator


def table() -> dict[str, Any]:
    """`common`: what every estimator understands; `estimators`: of each, by name, what only it has."""
    return {
        "common": _plain(COMMON),
        "estimators": {name: _plain(find_estimator(name).parameters) for name in BUILT_IN},
    }


def _plain(parameters: Iterable[Parameter]) -> dict[str, Any]:
    return {
        each.name: {
            "type": each.type.__name__,
            "default": each.default,
            # Without an end there is no bound: JSON has no infinity.
            **({} if math.isinf(each.minimum) else {"minimum": each.minimum}),
            **({} if math.isinf(each.maximum) else {"maximum": each.maximum}),
            "help": each.help,
        }
        for each in parameters
    }


if __name__ == "__main__":
    print(json.dumps(table(), indent=2, ensure_ascii=False, allow_nan=False))
