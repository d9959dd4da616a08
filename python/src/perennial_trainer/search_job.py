"""What `search.json` asks for: trials of one study, run one after the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import TrainerError

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class TrialToRun:
    number: int
    #: None: the sampler is asked.
    parameters: Mapping[str, Any] | None


@dataclass(frozen=True)
class SearchJob:
    """Paths are absolute, or relative to the working directory."""

    #: `fit`, or `ask`: parameters are suggested and nothing is fitted.
    what: str
    #: The job that trials have in common; their parameters are laid over its own.
    job: Path
    sampler: str
    space: Mapping[str, Mapping[str, Any]]
    fixed: Mapping[str, Any]
    seed: int
    metric: str
    direction: str
    pruner: Mapping[str, Any]
    trials: tuple[TrialToRun, ...]
    #: Trials that have ended, by number, as the engine keeps them.
    known: tuple[Mapping[str, Any], ...]
    #: Each trial that has ended is appended to this file as a line of JSON.
    results: Path
    #: No trial begins after so many seconds, but one does.
    seconds: float


def read_search_job(path: str) -> SearchJob:
    """Reads a file that the engine has written; TrainerError `JOB.INVALID` when it is none."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        if content["schemaVersion"] != SCHEMA_VERSION:
            raise ValueError(f"schemaVersion is {content['schemaVersion']!r}, want {SCHEMA_VERSION}")
        lines = Path(content["known"]).read_text(encoding="utf-8").splitlines()
        study = content["study"]
        return SearchJob(
            what=content["what"],
            job=Path(content["job"]),
            trials=tuple(TrialToRun(each["number"], each.get("parameters")) for each in content["trials"]),
            known=tuple(json.loads(line) for line in lines),
            results=Path(content["results"]),
            seconds=float(content["seconds"]),
            **{name: study[name] for name in _STUDY},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainerError("JOB.INVALID", f"read the search {path!r}: {type(error).__name__}: {error}") from error


_STUDY = ("sampler", "space", "fixed", "seed", "metric", "direction", "pruner")
