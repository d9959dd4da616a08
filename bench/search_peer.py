"""Trivial trials of Optuna on SQLite: `search_peer.py FILE TRIALS` prints the seconds that they took."""

import sys
import time

import optuna

file, trials = sys.argv[1], int(sys.argv[2])
optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.create_study(storage=f"sqlite:///{file}", sampler=optuna.samplers.RandomSampler(seed=7))


def bowl(trial: optuna.Trial) -> float:
    x, y = trial.suggest_float("x", -5, 5), trial.suggest_float("y", -5, 5)
    return (x - 1) ** 2 + (y - 2) ** 2


study.optimize(bowl, n_trials=3)
began = time.perf_counter()
study.optimize(bowl, n_trials=trials)
print(time.perf_counter() - began)
