"""The job: what `job.json` asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import TrainerError
from .task import KINDS, Task

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
class Resume:
    """Where to go on: the folder of a whole checkpoint, and the steps that were done by then."""

    folder: Path
    step: int


@dataclass(frozen=True)
class WarmStart:
    """The state that an earlier training left, and how many rounds of trees there may be in all."""

    folder: Path
    max_trees: int


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
    #: Where checkpoints are written, each a folder; the engine stores and removes those that it was told of.
    checkpoints: Path
    task: Task = Task()
    #: Steps (trees, epochs) between checkpoints; 0: none.
    checkpoint_every: int = 0
    #: Whether whoever started the job removes the folder of a checkpoint when it is stored, or cannot be.
    wait_for_checkpoints: bool = False
    #: Between SIGTERM and SIGKILL; None where nobody has said.
    grace_seconds: float | None = None
    resume: Resume | None = None
    warm_start: WarmStart | None = None
    #: Whether to leave `output/state`, from which a training to come can go on.
    keep_state: bool = False


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
    task = _task(path, content)
    _check_features(path, features, task)
    checkpoint_every = _field(path, {"checkpointEvery": 0, **content}, "checkpointEvery", int)
    if checkpoint_every < 0:
        raise _invalid(path, f"'checkpointEvery' is {checkpoint_every}, want 0 or more steps")
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
        task=task,
        checkpoint_every=checkpoint_every,
        wait_for_checkpoints=content.get("waitForCheckpoints") is True,
        grace_seconds=float(_field(path, content, "graceSeconds", (int, float))) if "graceSeconds" in content else None,
        resume=_resume(path, content),
        warm_start=_warm_start(path, content),
        keep_state=content.get("keepState") is True,
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


def _task(path: str, content: Mapping[str, Any]) -> Task:
    if content.get("task") is None:
        return Task()
    task = _field(path, content, "task", dict)
    kind = _field(path, task, "kind", str)
    if kind not in KINDS:
        raise _invalid(path, f"the task's kind is {kind!r}, want one of {', '.join(KINDS)}")
    if kind != "multiclass":
        return Task(kind)
    classes = _field(path, task, "classes", list)
    if not all(isinstance(each, str) for each in classes) or len(set(classes)) != len(classes) or len(classes) < 2:
        raise _invalid(path, f"the task's 'classes' are {classes!r}, want at least two different texts")
    return Task(kind, tuple(classes))


def _resume(path: str, content: Mapping[str, Any]) -> Resume | None:
    if content.get("resume") is None:
        return None
    resume = _field(path, content, "resume", dict)
    return Resume(Path(_field(path, resume, "checkpoint", str)), _field(path, resume, "step", int))


def _warm_start(path: str, content: Mapping[str, Any]) -> WarmStart | None:
    if content.get("warmStart") is None:
        return None
    warm_start = _field(path, content, "warmStart", dict)
    return WarmStart(Path(_field(path, warm_start, "state", str)), _field(path, warm_start, "maxTrees", int))


def _check_features(path: str, features: tuple[Feature, ...], task: Task) -> None:
    if not features:
        raise _invalid(path, "'features' is empty, want at least one")
    names = [feature.name for feature in features]
    for name in names:
        if names.count(name) > 1:
            raise _invalid(path, f"feature {name!r} is listed {names.count(name)} times")
        if name in (("value",) if task.is_regression else ("label", "probabilities")):
            raise _invalid(path, f"no feature can be named {name!r}: the model's outputs are. Rename the column")


def _invalid(path: str, problem: str) -> TrainerError:
    return TrainerError("JOB.INVALID", f"read the job {path!r}: {problem}")
