"""Trivial trials of Optuna's TPE in memory: `search_tpe_peer.py TRIALS` prints the seconds that they took."""

import sys
import time

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)


def study() -> optuna.Study:
    return optuna.create_study(sampler=optuna.samplers.TPESampler(seed=7))


def bowl(trial: optuna.Trial) -> float:
    x, y = trial.suggest_float("x", 1e-3, 1e3, log=True), trial.suggest_float("y", 1e-6, 1e-2, log=True)
    return (x - 1) ** 2 + (y - 1e-4) ** 2


study().optimize(bowl, n_trials=20)
began = time.perf_counter()
study().optimize(bowl, n_trials=int(sys.argv[1]))
print(time.perf_counter() - began)
