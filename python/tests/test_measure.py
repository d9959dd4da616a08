from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from perennial_trainer.measure import measure
from perennial_trainer.task import Task


def test_metrics_agree_with_those_of_scikit_learn() -> None:
    random = np.random.default_rng(3)
    share = random.random(999).round(2)
    label = (random.random(999) < share).astype(np.int64)
    found = measure(Task(), label, share)
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(label, share), abs=1e-12)
    assert found["brier"] == pytest.approx(metrics.brier_score_loss(label, share), abs=1e-12)
    assert found["logLoss"] == pytest.approx(metrics.log_loss(label, np.clip(share, 1e-15, 1 - 1e-15)), abs=1e-9)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(label, share >= 0.5), abs=1e-12)


def test_rows_of_one_class_have_no_area_under_the_curve() -> None:
    assert "auc" not in measure(Task(), np.ones(3, dtype=np.int64), np.array([0.1, 0.5, 0.9]))


def test_metrics_of_several_classes_and_of_numbers_agree_too() -> None:
    random = np.random.default_rng(3)
    probabilities = random.dirichlet([1, 2, 3], 999)
    label = random.integers(0, 3, 999)
    found = measure(Task("multiclass", ("a", "b", "c")), label, probabilities)
    assert found["logLoss"] == pytest.approx(metrics.log_loss(label, probabilities), abs=1e-12)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(label, probabilities.argmax(axis=1)), abs=1e-12)
    assert found["brier"] == pytest.approx(((np.eye(3)[label] - probabilities) ** 2).sum() / 999, abs=1e-12)

    values = random.normal(size=999)
    guesses = values + random.normal(size=999) / 2
    found = measure(Task("regression"), values, guesses)
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(values, guesses), abs=1e-12)
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(values, guesses), abs=1e-12)
    assert found["r2"] == pytest.approx(metrics.r2_score(values, guesses), abs=1e-12)
