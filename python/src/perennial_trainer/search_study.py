"""A study of Optuna, rebuilt in memory from the trials that the engine keeps."""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from . import search_cmaes
from .errors import TrainerError
from .search_job import SearchJob, TrialToRun
from .search_space import Dimension, choose


class OptunaStudy:
    """
    Suggests parameters and says which trials to stop. Both follow from the trials that have ended and the number of the
    trial: whoever asks, at whatever time, gets the same answer.
    """

    def __init__(self, search: SearchJob) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        # Its words for what a spec has chosen on purpose.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        self._optuna = optuna
        self._search = search
        self._rungs = Rungs(search.pruner) if search.pruner["kind"] == "halving" else None
        self._study = optuna.create_study(
            direction=optuna.study.StudyDirection[search.direction.upper()],
            sampler=optuna.samplers.RandomSampler(),
            pruner=self._pruner(),
        )
        distributions = {name: self._distribution(dimension) for name, dimension in search.space.items()}
        for trial in search.known:
            self._study.add_trial(self._frozen(trial, distributions))

    def ask(self, trial: TrialToRun) -> RunningTrial:
        if trial.parameters is None:
            self._study.sampler = self._sampler(trial.number)
        else:
            self._study.enqueue_trial(dict(trial.parameters))
        asked = self._study.ask()
        parameters = choose(self._search.space, self._search.fixed, lambda *at: _suggest(asked, *at))
        noted = self._study.get_trials(deepcopy=False)[-1].system_attrs
        notes = search_cmaes.notes_of(noted) if self._search.sampler == "cmaes" else {}
        return RunningTrial(self._study, asked, parameters, notes)

    def _sampler(self, number: int) -> Any:
        samplers = self._optuna.samplers
        seed = seed_of(self._search.seed, number)
        name = self._search.sampler
        if name == "tpe":
            return samplers.TPESampler(seed=seed)
        if name == "qmc":
            return _qmc(samplers, self._search.seed, number)
        try:
            import cmaes  # noqa: F401
        except ImportError as error:
            raise TrainerError(
                "SEARCH.SAMPLER", "ask the sampler 'cmaes': this Python does not have the package of that name"
            ) from error
        return samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)

    def _pruner(self) -> Any:
        pruners, wanted = self._optuna.pruners, self._search.pruner
        if wanted["kind"] == "halving":
            return pruners.SuccessiveHalvingPruner(min_resource=wanted["first"], reduction_factor=wanted["factor"])
        if wanted["kind"] == "median":
            return pruners.MedianPruner(n_startup_trials=wanted["after"], n_warmup_steps=wanted["warmup"])
        return pruners.NopPruner()

    def _distribution(self, dimension: Dimension) -> Any:
        distributions = self._optuna.distributions
        if dimension["type"] == "categorical":
            return distributions.CategoricalDistribution(dimension["values"])
        kind = distributions.IntDistribution if dimension["type"] == "int" else distributions.FloatDistribution
        return kind(dimension["low"], dimension["high"], log=dimension["log"], **_step(dimension))

    def _frozen(self, trial: Mapping[str, Any], distributions: Mapping[str, Any]) -> Any:
        states = self._optuna.trial.TrialState
        points = {step: value for step, value in trial.get("points", [])}
        rungs = {} if self._rungs is None else self._rungs.notes_of(trial.get("points", []))
        state = {"complete": states.COMPLETE, "pruned": states.PRUNED, "failed": states.FAIL}[trial["state"]]
        return self._optuna.trial.create_trial(
            state=state,
            value=None if trial["state"] == "failed" else trial.get("value"),
            params=dict(trial["parameters"]),
            distributions={name: distributions[name] for name in trial["parameters"]},
            intermediate_values=points,
            system_attrs={**search_cmaes.attributes_of(trial.get("notes", {})), **rungs},
        )


class RunningTrial:
    """A trial between its question and its answer."""

    def __init__(self, study: Any, trial: Any, parameters: dict[str, Any], notes: dict[str, Any]) -> None:
        self._study = study
        self._trial = trial
        self.parameters = parameters
        #: What the sampler wants to find again.
        self.notes = notes

    def report(self, step: int, value: float) -> bool:
        """Tells the metric at a step; whether to stop there."""
        self._trial.report(value, step)
        return bool(self._trial.should_prune())

    def complete(self, value: float) -> None:
        self._study.tell(self._trial, value)

    def pruned(self) -> None:
        self._study.tell(self._trial, state=_states().PRUNED)

    def failed(self) -> None:
        self._study.tell(self._trial, state=_states().FAIL)


class PlainStudy:
    """All parameters are given, and nothing is stopped: Optuna is not needed."""

    def ask(self, trial: TrialToRun) -> PlainTrial:
        return PlainTrial(dict(trial.parameters or {}))


class PlainTrial:
    notes: dict[str, Any] = {}

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.parameters = parameters

    def report(self, step: int, value: float) -> bool:
        return False

    def complete(self, value: float) -> None:
        pass

    def pruned(self) -> None:
        pass

    def failed(self) -> None:
        pass


def open_study(search: SearchJob) -> OptunaStudy | PlainStudy:
    needed = search.pruner["kind"] != "none" or any(trial.parameters is None for trial in search.trials)
    return OptunaStudy(search) if needed else PlainStudy()


class Rungs:
    """The rungs of successive halving that a trial has reached, in the words in which Optuna's pruner notes them."""

    def __init__(self, pruner: Mapping[str, Any]) -> None:
        self._first, self._factor = pruner["first"], pruner["factor"]

    def notes_of(self, points: Sequence[Sequence[float]]) -> dict[str, float]:
        notes: dict[str, float] = {}
        for step, value in points:
            while step >= self._first * self._factor ** len(notes):
                notes[f"completed_rung_{len(notes)}"] = value
        return notes

    def steps(self, most: int) -> list[int]:
        count = max(0, math.ceil(math.log(most / self._first, self._factor))) + 1
        return [step for step in (self._first * self._factor**rung for rung in range(count)) if step < most]


def seed_of(seed: int, number: int) -> int:
    """The seed of one trial: unlike that of its neighbours."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{number}".encode()).digest()[:4], "big") >> 1


def _suggest(trial: Any, name: str, dimension: Dimension) -> Any:
    if dimension["type"] == "categorical":
        return trial.suggest_categorical(name, dimension["values"])
    suggest = trial.suggest_int if dimension["type"] == "int" else trial.suggest_float
    return suggest(name, dimension["low"], dimension["high"], log=dimension["log"], **_step(dimension))


def _step(dimension: Dimension) -> dict[str, Any]:
    step = dimension.get("step")
    return {} if step is None else {"step": step}


def _states() -> Any:
    from optuna.trial import TrialState

    return TrialState


def _qmc(samplers: Any, seed: int, number: int) -> Any:
    """The point of the sequence is that of the trial's number, and not of how often this process was asked."""

    class Numbered(samplers.QMCSampler):  # type: ignore[misc]
        def _find_sample_id(self, *_: Any) -> int:
            return number

    return Numbered(seed=seed, scramble=True, warn_independent_sampling=False, warn_asynchronous_seeding=False)
