"""The job: what `job.json` asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import TrainerError

SCHEMA_VERSION = 1
#: How a feature goes into the model: numbers, integers and booleans as float32, strings as strings.
FEATURE_TYPES = ("string", "integer", "number", "boolean")


@dataclass(frozen=True)
class Feature:
    """One column that the model may look at."""

    name: str
    type: str

    @property
    def is_text(self) -> bool:
        return self.type == "string"


@dataclass(frozen=True)
class Job:
    """One training job. Paths are absolute, or relative to the working directory."""

    train: Path
    validation: Path
    label: str
    features: tuple[Feature, ...]
    estimator: str
    parameters: Mapping[str, Any]
    seed: int
    #: Wall time after which the engine ends the process; for estimators that can stop early by themselves.
    time_budget_seconds: float
    output: Path
    #: Belongs to the estimator; what is in it survives a restart of the same job.
    checkpoints: Path


def read_job(path: str) -> Job:
    """Reads and checks a job file; raises TrainerError `JOB.INVALID` naming what is wrong with it."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise _invalid(path, f"{error.strerror or error}") from error
    except ValueError as error:
        raise _invalid(path, f"it is not JSON ({error})") from error
    if not isinstance(content, dict):
        raise _invalid(path, "found no JSON object")
    if content.get("schemaVersion") != SCHEMA_VERSION:
        raise _invalid(path, f"schemaVersion is {content.get('schemaVersion')!r}, want {SCHEMA_VERSION}")
    data = _field(path, content, "data", dict)
    features = tuple(_feature(path, entry) for entry in _field(path, content, "features", list))
    _check_features(path, features)
    return Job(
        train=Path(_field(path, data, "train", str)),
        validation=Path(_field(path, data, "validation", str)),
        label=_field(path, content, "label", str),
        features=features,
        estimator=_field(path, content, "estimator", str),
        parameters=_field(path, content, "parameters", dict),
        seed=_field(path, content, "seed", int),
        time_budget_seconds=float(_field(path, content, "timeBudgetSeconds", (int, float))),
        output=Path(_field(path, content, "output", str)),
        checkpoints=Path(_field(path, content, "checkpoints", str)),
    )


def _field(path: str, content: Mapping[str, Any], name: str, kind: type | tuple[type, ...]) -> Any:
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        raise _invalid(path, f"{name!r} is {value!r}, want {' or '.join(each.__name__ for each in kinds)}")
    return value


def _feature(path: str, entry: Any) -> Feature:
    if not isinstance(entry, dict):
        raise _invalid(path, f"a feature is {entry!r}, want name and type")
    name, type_ = _field(path, entry, "name", str), _field(path, entry, "type", str)
    if type_ not in FEATURE_TYPES:
        raise _invalid(
            path,
            f"feature {name!r} has the type {type_!r}, and a model takes {', '.join(FEATURE_TYPES)}. "
            "Derive a number from it in the SQL that prepares the data",
        )
    return Feature(name, type_)


def _check_features(path: str, features: tuple[Feature, ...]) -> None:
    if not features:
        raise _invalid(path, "'features' is empty, want at least one")
    names = [feature.name for feature in features]
    for name in names:
        if names.count(name) > 1:
            raise _invalid(path, f"feature {name!r} is listed {names.count(name)} times")
        if name in ("label", "probabilities"):
            raise _invalid(path, f"no feature can be named {name!r}: the model's outputs are. Rename the column")


def _invalid(path: str, problem: str) -> TrainerError:
    return TrainerError("JOB.INVALID", f"read the job {path!r}: {problem}")
