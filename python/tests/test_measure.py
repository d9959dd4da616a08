from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from perennial_trainer.measure import measure


def test_metrics_agree_with_those_of_scikit_learn() -> None:
    random = np.random.default_rng(3)
    share = random.random(999).round(2)
    label = (random.random(999) < share).astype(np.int64)
    found = measure(label, share)
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(label, share), abs=1e-12)
    assert found["brier"] == pytest.approx(metrics.brier_score_loss(label, share), abs=1e-12)
    assert found["logLoss"] == pytest.approx(metrics.log_loss(label, np.clip(share, 1e-15, 1 - 1e-15)), abs=1e-9)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(label, share >= 0.5), abs=1e-12)


def test_rows_of_one_class_have_no_area_under_the_curve() -> None:
    assert "auc" not in measure(np.ones(3, dtype=np.int64), np.array([0.1, 0.5, 0.9]))
