"""`python -m perennial_trainer.search search.json`: runs trials of a hyperparameter search, one after the other."""

from __future__ import annotations

import json
import math
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from typing import IO, Any

from .ending import leave
from .errors import TrainerError
from .job import read_job
from .parent import end_with_parent
from .report import Report
from .search_job import SearchJob, TrialToRun, read_search_job
from .threads import limit_threads

#: Gives the metrics at the end, or None when it was stopped by what it told on the way.
Objective = Callable[[Mapping[str, Any], Callable[[int, float], bool]], "dict[str, float] | None"]


def main(arguments: list[str]) -> int:
    """Trials that fail are results; only what fails before the first one ends as an error line of the contract."""
    report = Report.on_stdout()
    try:
        if len(arguments) != 1:
            raise TrainerError("JOB.INVALID", f"start: got {len(arguments)} arguments, want one, a search.json")
        run(read_search_job(arguments[0]), report)
        return 0
    except TrainerError as error:
        report.error(error.code, str(error))
    except Exception as error:
        traceback.print_exc()
        report.error("TRAINER.UNEXPECTED", f"search: {type(error).__name__}: {error}")
    return 1


def run(search: SearchJob, report: Report) -> None:
    """Runs the trials, as many as may begin in the time, and appends each to the results as it ends."""
    until = time.monotonic() + search.seconds
    objective = _objective(search)
    from .search_study import open_study

    study = open_study(search)
    with search.results.open("a", encoding="utf-8") as results:
        for trial in search.trials:
            report.trial_begins(trial.number)
            ended = _ask(study, trial) if objective is None else _try(study, trial, search.metric, objective)
            _keep(results, ended)
            report.trial(trial.number, ended["state"])
            if time.monotonic() >= until:
                return


def _objective(search: SearchJob) -> Objective | None:
    if search.what == "ask":
        return None
    job = read_job(str(search.job))
    limit_threads(job)
    # Only now: NumPy and scikit-learn read the number of threads when they are imported.
    from .search_fit import Objective as Fits

    return Fits(job, search)


def _ask(study: Any, trial: TrialToRun) -> dict[str, Any]:
    asked = study.ask(trial)
    return {"number": trial.number, "state": "complete", "parameters": asked.parameters, "seconds": 0, **_notes(asked)}


def _try(study: Any, trial: TrialToRun, metric: str, objective: Objective) -> dict[str, Any]:
    from .search_fit import Clock

    clock = Clock()
    running = study.ask(trial)
    points: list[tuple[int, float]] = []

    def stops(step: int, value: float) -> bool:
        # What is not finite cannot be kept, and no pruner can compare it.
        if not math.isfinite(value):
            return False
        points.append((step, value))
        return bool(running.report(step, value))

    end = _end(running, metric, points, objective, stops)
    told = {"points": points} if points else {}
    parameters = {"number": trial.number, "parameters": running.parameters}
    return {**parameters, **end, **told, **clock.read(), **_notes(running)}


def _end(
    running: Any,
    metric: str,
    points: list[tuple[int, float]],
    objective: Objective,
    stops: Callable[[int, float], bool],
) -> dict[str, Any]:
    try:
        metrics = objective(running.parameters, stops)
    except MemoryError:
        return _failed(running, "the machine has not enough memory for it")
    except TrainerError as error:
        return _failed(running, str(error))
    except Exception as error:
        traceback.print_exc()
        return _failed(running, f"{type(error).__name__}: {error}")
    if metrics is None:
        running.pruned()
        return {"state": "pruned", "value": points[-1][1]}
    finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
    value = finite.get(metric)
    if value is None:
        return _failed(running, f"it gave no finite {metric} (it measured {', '.join(finite) or 'nothing'})")
    running.complete(value)
    return {"state": "complete", "value": value, "metrics": finite}


def _failed(running: Any, reason: str) -> dict[str, Any]:
    running.failed()
    return {"state": "failed", "reason": reason[:500]}


def _notes(asked: Any) -> dict[str, Any]:
    return {"notes": asked.notes} if asked.notes else {}


def _keep(results: IO[str], trial: Mapping[str, Any]) -> None:
    results.write(json.dumps(trial, allow_nan=False) + "\n")
    results.flush()


if __name__ == "__main__":
    end_with_parent()
    leave(main(sys.argv[1:]))
