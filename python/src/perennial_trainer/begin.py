"""How a fit begins: with no trees, or with those of a model before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .data import Rows
from .errors import TrainerError
from .estimators import Estimator, Fit, Lasting
from .job import Job
from .state import Misfit, State, read_state, write_state


@dataclass(frozen=True)
class Begun:
    """A fit that is to grow, and what it goes on from."""

    fit: Fit
    before: State | None = None
    #: What is wrong with the model before, where the fit does not go on from it: "has other features".
    anew: str | None = None

    @property
    def message(self) -> str | None:
        if self.before:
            return f"going on from {self.before.trees} trees of the model before"
        return None if self.anew is None else f"beginning anew: the model before {self.anew}"


def begin(job: Job, estimator: Estimator, parameters: Mapping[str, Any], rows: Rows) -> Begun:
    """The fit of a job; a state that does not fit is said and not used."""
    if job.warm_start is None:
        return Begun(estimator.begin(rows, parameters, job.seed))
    able = _lasting(job, estimator)
    try:
        if parameters["shuffle_labels"]:
            raise Misfit("has learned from the right labels, which a negative control (shuffle_labels) must not")
        before = read_state(job, able.library, job.warm_start.folder)
        fit = able.begin(rows, parameters, job.seed, before)
        _check_size(before.trees, fit.steps, job.warm_start.max_trees)
        return Begun(fit, before)
    except Misfit as misfit:
        return Begun(able.begin(rows, parameters, job.seed), anew=str(misfit))


def keep_state(job: Job, estimator: Estimator, begun: Begun) -> None:
    """Leaves the fitted trees to a training to come."""
    able = _lasting(job, estimator)
    trees = (begun.before.trees if begun.before else 0) + begun.fit.done
    state = State(trees, able.facts(begun.fit), begun.fit.files)
    outcome = {"from": begun.before.trees if begun.before else 0, "anew": begun.anew}
    write_state(job, able.library, state, outcome)


def _lasting(job: Job, estimator: Estimator) -> Lasting:
    if isinstance(estimator, Lasting):
        return estimator
    raise TrainerError("JOB.INVALID", f"keep the state of {job.estimator!r}: no training can go on from its models")


def _check_size(before: int, more: int, most: int) -> None:
    if before + more > most:
        raise Misfit(f"has {before} trees, and {more} more would be above the most, {most}")
