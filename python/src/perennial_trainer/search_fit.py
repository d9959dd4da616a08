"""The objective of trials: fits a built-in estimator and measures it on the validation rows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .data import Rows, read_rows
from .estimators import Fit, Staged, find_estimator
from .job import Job
from .label import check_something_to_learn
from .measure import measure
from .parameters import check_parameters
from .search_job import SearchJob
from .search_study import Rungs

#: Values that a trial tells on its way.
_LOOKS = 10


class Objective:
    """The rows of a search, read once. What is fitted is not kept: no trial exports a model."""

    def __init__(self, job: Job, search: SearchJob) -> None:
        self._job = job
        self._search = search
        self._estimator = find_estimator(job.estimator)
        self._train = read_rows(job, job.train, "training")
        self._validation = read_rows(job, job.validation, "validation")
        check_something_to_learn(job.task, job.label, self._train.label)
        for module in self._estimator.fit_modules:
            import_module(module)

    def __call__(self, parameters: Mapping[str, Any], stops: Callable[[int, float], bool]) -> dict[str, float] | None:
        """The metrics of a fit by these parameters; None when it was stopped on its way."""
        given = {**self._job.parameters, **parameters}
        values = check_parameters(self._estimator.parameters, given)
        fit = self._estimator.begin(self._rows(values), values, self._job.seed)
        looks = self._looks(fit.steps)
        if not looks:
            return self._whole(fit, stops)
        for step in looks:
            fit.grow(min(step, fit.steps) - fit.done)
            if fit.done >= fit.steps:
                break
            value = self._measure(fit).get(self._search.metric)
            if value is not None and stops(fit.done, value):
                return None
        if fit.done < fit.steps:
            fit.grow(fit.steps - fit.done)
        return self._measure(fit)

    def _whole(self, fit: Fit, tell: Callable[[int, float], bool]) -> dict[str, float]:
        """
        Fits in one go, and looks afterwards at what the model was on its way: in one pass over the rows, where going
        on from step to step would take three times as long.
        """
        fit.grow(fit.steps)
        model = fit.model()
        if not isinstance(model, Staged):
            return self._measured(model.predict(self._validation))
        steps = [*_evenly(fit.done), fit.done]
        stages = [self._measured(answers) for answers in model.stages(self._validation, steps)]
        for step, metrics in zip(steps, stages, strict=True):
            if self._search.metric in metrics:
                tell(step, metrics[self._search.metric])
        return stages[-1]

    def _rows(self, values: Mapping[str, Any]) -> Rows:
        if not values["shuffle_labels"]:
            return self._train
        return self._train.with_label(np.random.default_rng(self._job.seed).permutation(self._train.label))

    def _measure(self, fit: Fit) -> dict[str, float]:
        return self._measured(fit.model().predict(self._validation))

    def _measured(self, answers: NDArray[Any]) -> dict[str, float]:
        return measure(self._job.task, self._validation.label, answers)

    def _looks(self, steps: int) -> list[int]:
        """Steps before the end at which somebody decides, or a training writes checkpoints: there the fit is cut."""
        pruner, every = self._search.pruner, self._job.checkpoint_every
        rungs = Rungs(pruner).steps(steps) if pruner["kind"] == "halving" else []
        regular = range(every, steps, every) if every > 0 else _evenly(steps) if pruner["kind"] == "median" else ()
        return sorted({*rungs, *regular})


def _evenly(steps: int) -> range:
    every = max(1, steps // _LOOKS)
    return range(every, steps, every)


class Clock:
    """Wall and processor time of one trial."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), _cpu_seconds()

    def read(self) -> dict[str, float]:
        wall, cpu = time.perf_counter() - self._wall, _cpu_seconds() - self._cpu
        return {"seconds": round(wall, 4), "cpuSeconds": round(cpu, 4)}


def _cpu_seconds() -> float:
    # What the system counts for children is coarse; of this process there is a finer clock.
    times = os.times()
    return time.process_time() + times.children_user + times.children_system
