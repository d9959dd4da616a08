"""Writes pruning.json: what Optuna's pruners decide of trials that are told value by value."""

import json
import random
from pathlib import Path

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
STATES = {"complete": optuna.trial.TrialState.COMPLETE, "pruned": optuna.trial.TrialState.PRUNED}
PRUNERS = [
    ({"kind": "halving", "first": 1, "factor": 3}, optuna.pruners.SuccessiveHalvingPruner(1, 3)),
    ({"kind": "halving", "first": 2, "factor": 2}, optuna.pruners.SuccessiveHalvingPruner(2, 2)),
    ({"kind": "median", "warmup": 0, "after": 5}, optuna.pruners.MedianPruner(5, 0)),
    ({"kind": "median", "warmup": 6, "after": 1}, optuna.pruners.MedianPruner(1, 6)),
]


def play(pruner, direction, seed):
    """Forty trials one after the other, each told at every other step until it is stopped; which is noted."""
    numbers = random.Random(seed)
    study = optuna.create_study(direction=direction, pruner=pruner)
    trials = []
    for _ in range(40):
        trial = study.ask()
        level, points, state = numbers.random(), [], "complete"
        for step in range(1, 20, 2):
            value = round(level + numbers.random() / 3 - step / 40, 4)
            points.append([step, value])
            trial.report(value, step)
            if trial.should_prune():
                state = "pruned"
                break
        study.tell(trial, points[-1][1], state=STATES[state]) if state == "complete" else study.tell(trial, state=STATES[state])
        trials.append({"state": state, "points": points})
    return trials


cases = [
    {"pruner": words, "direction": direction, "trials": play(pruner, direction, seed)}
    for words, pruner in PRUNERS
    for direction in ("minimize", "maximize")
    for seed in (1, 2)
]
text = json.dumps({"optuna": optuna.__version__, "cases": cases}, separators=(",", ":"))
Path(__file__).with_name("pruning.json").write_text(text + "\n")
