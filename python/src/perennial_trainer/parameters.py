"""Hyperparameters: declared by an estimator, checked before anything is read or trained."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from .errors import TrainerError


@dataclass(frozen=True)
class Parameter:
    """One hyperparameter. The default's type is the parameter's: bool, int or float."""

    name: str
    default: bool | int | float | None
    #: What it does, for people.
    help: str
    minimum: float = -math.inf
    maximum: float = math.inf
    #: Give it where the default is None ("no limit"), which the job may then say too.
    kind: type | None = None

    @property
    def type(self) -> type:
        return self.kind or type(self.default)


#: What every built-in estimator understands.
COMMON = (
    Parameter("threads", 1, "Threads of the numerical libraries.", 1, 256),
    Parameter(
        "shuffle_labels",
        False,
        "Negative control: trains on labels in random order (drawn from the job's seed), so that there is nothing to "
        "learn. A gate that promotes such a model is broken (permutation test; Ojala and Garriga 2010).",
    ),
)


def check_parameters(declared: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """
    All parameters with the given values in place of defaults; TrainerError `PARAMETERS.INVALID` names every problem. Which
    estimator they are of is said by whoever shows the error. A spec is checked by the same rules when it is applied.
    """
    known = {parameter.name: parameter for parameter in (*declared, *COMMON)}
    problems = [_unknown(name, list(known)) for name in given if name not in known]
    values: dict[str, Any] = {}
    for name, parameter in known.items():
        value = given.get(name, parameter.default)
        if isinstance(value, float) and parameter.type is int and value.is_integer():
            value = int(value)
        if not _fits(parameter, value):
            problems.append(f"{name!r} is {value!r}, want {_wanted(parameter)}")
        values[name] = value
    if problems:
        raise TrainerError("PARAMETERS.INVALID", "; ".join(problems))
    return values


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f", did you mean {near[0]!r}?" if near else ""
    return f"there is no parameter {name!r}{hint} (known: {', '.join(known)})"


def _fits(parameter: Parameter, value: Any) -> bool:
    if value is None:
        return parameter.default is None
    if parameter.type is bool or isinstance(value, bool):
        return parameter.type is bool and isinstance(value, bool)
    if not isinstance(value, (int, float)) or (parameter.type is int and not isinstance(value, int)):
        return False
    return math.isfinite(value) and parameter.minimum <= value <= parameter.maximum


def _wanted(parameter: Parameter) -> str:
    if parameter.type is bool:
        return "true or false"
    noun = "a whole number" if parameter.type is int else "a number"
    lowest = "" if math.isinf(parameter.minimum) else f" from {parameter.minimum:g}"
    greatest = "" if math.isinf(parameter.maximum) else f" to {parameter.maximum:g}"
    return noun + lowest + greatest + (" or null" if parameter.default is None else "")
