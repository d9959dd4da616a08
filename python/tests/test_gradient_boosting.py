from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from flights import FEATURES, Flights

from perennial_trainer.data import read_rows
from perennial_trainer.estimators.gradient_boosting import ESTIMATOR
from perennial_trainer.parameters import check_parameters
from perennial_trainer.parity import check_parity, run_onnx


def parameters(**given: Any) -> dict[str, Any]:
    return check_parameters("gradient-boosting", ESTIMATOR.parameters, {"max_iter": 20, **given})


def test_the_export_answers_as_the_model_does_for_unseen_and_missing_values(flights: Flights) -> None:
    job, train, _ = flights.rows()
    flights.validation = pa.table(
        {
            "distance": pa.array([100, None, 2**25 + 1, -5]),
            "origin": ["never seen", None, "", 'Ä03 "x"'],
            "share late": pa.array([None, 0.5, 1e-40, -1e30]),
            "night": [None, True, False, True],
            "late": [True, False, True, True],
        }
    )
    flights.write()
    validation = read_rows(job, job.validation, "validation")
    model = ESTIMATOR.fit(train, parameters(), 7)
    check_parity(model.to_onnx(), validation, model.predict(validation))


def test_thresholds_between_neighbouring_floats_survive_the_export(flights: Flights) -> None:
    # Values one float32 step apart, the label changing between them: a threshold rounded the wrong way moves rows.
    base = np.float32(0.3)
    steps = [base]
    for _ in range(30):
        steps.append(np.nextafter(steps[-1], np.float32(1)))
    values = np.repeat(np.array(steps, dtype=np.float32), 60)
    late = (np.arange(len(values)) // 60) % 2 == 1
    table = pa.table({"share late": values, "late": late})
    flights.train = flights.validation = table
    job = flights.job(features=[{"name": "share late", "type": "number"}])
    rows = read_rows(job, job.train, "training")
    model = ESTIMATOR.fit(rows, parameters(), 7)
    check_parity(model.to_onnx(), rows, model.predict(rows))


@pytest.mark.parametrize("kept", [["origin"], ["distance"], ["night", "origin", "share late"]])
def test_any_mix_of_text_and_numbers_can_be_exported(flights: Flights, kept: list[str]) -> None:
    job = flights.job(features=[feature for name in kept for feature in FEATURES if feature["name"] == name])
    train = read_rows(job, job.train, "training")
    model = ESTIMATOR.fit(train, parameters(), 7)
    check_parity(model.to_onnx(), train, model.predict(train))


@pytest.mark.parametrize("name", ["a b", "a.b", "ä", "1", "variable", "X", "float_input", "a/b:0", "__proto__"])
def test_a_feature_may_have_any_name(flights: Flights, name: str) -> None:
    names = [name if each == "origin" else each for each in flights.train.column_names]
    flights.train = flights.train.rename_columns(names)
    job = flights.job(features=[FEATURES[0], {"name": name, "type": "string"}])
    train = read_rows(job, job.train, "training")
    model = ESTIMATOR.fit(train, parameters(), 7)
    check_parity(model.to_onnx(), train, model.predict(train))


def test_a_column_that_is_always_missing_does_no_harm(flights: Flights) -> None:
    empty = pa.array([None] * flights.train.num_rows, pa.float64())
    texts = pa.array([None] * flights.train.num_rows, pa.string())
    flights.train = flights.train.set_column(2, "share late", empty).set_column(1, "origin", texts)
    _, train, validation = flights.rows()
    model = ESTIMATOR.fit(train, parameters(), 7)
    check_parity(model.to_onnx(), validation, model.predict(validation))


def test_more_categories_than_bins_are_learned(flights: Flights) -> None:
    origin = [f"place {row % 700}" for row in range(flights.train.num_rows)]
    flights.train = flights.train.set_column(1, "origin", pa.array(origin))
    _, train, validation = flights.rows()
    model = ESTIMATOR.fit(train, parameters(), 7)
    check_parity(model.to_onnx(), validation, model.predict(validation))


def test_every_parameter_reaches_the_trees(flights: Flights) -> None:
    _, train, validation = flights.rows()
    usual = ESTIMATOR.fit(train, parameters(), 7).predict(validation)
    changes: list[dict[str, Any]] = [
        {"max_iter": 5},
        {"learning_rate": 0.3},
        {"max_leaf_nodes": 3},
        {"max_depth": 2},
        {"min_samples_leaf": 200},
        {"l2_regularization": 50},
        {"max_features": 0.3},
        {"max_bins": 4},
        {"early_stopping": True},
    ]
    for change in changes:
        found = ESTIMATOR.fit(train, parameters(**change), 7).predict(validation)
        assert not np.array_equal(found, usual), change


def test_probabilities_come_as_false_then_true(flights: Flights) -> None:
    _, train, validation = flights.rows()
    model = ESTIMATOR.fit(train, parameters(), 7)
    share = run_onnx(model.to_onnx(), validation)
    assert share[validation.label == 1].mean() > share[validation.label == 0].mean()
