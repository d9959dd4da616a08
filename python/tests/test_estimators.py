"""What every built-in estimator is held to, for every kind of label."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pytest
from flights import FEATURES, TASKS, TREES, Flights, few_trees, fitted

from perennial_trainer.data import Rows, read_rows
from perennial_trainer.errors import TrainerError
from perennial_trainer.estimators import BUILT_IN, Model, find_estimator, gradient_boosting, lightgbm, random_forest
from perennial_trainer.measure import measure
from perennial_trainer.parity import check_parity, run_onnx

every_estimator = pytest.mark.parametrize("name", list(BUILT_IN))
every_kind = pytest.mark.parametrize("kind", list(TASKS))


def prove(model: Model, rows: Rows) -> bytes:
    exported = model.to_onnx()
    check_parity(exported, rows, model.predict(rows), float(rows.label.std()))
    return exported


@every_kind
@every_estimator
def test_it_learns_and_its_export_answers_alike(flights: Flights, name: str, kind: str) -> None:
    job, train, validation = flights.of(kind).rows()
    model = fitted(name, train)
    exported = onnx.load_from_string(prove(model, validation))
    onnx.checker.check_model(exported)
    assert [(each.domain, each.version) for each in exported.opset_import] == [("", 21), ("ai.onnx.ml", 3)]
    found = measure(job.task, validation.label, model.predict(validation))
    assert found.get("r2", 1) > 0.3 and found.get("auc", 1) > 0.6 and found.get("accuracy", 1) > 0.5, found


@every_kind
@every_estimator
def test_the_same_job_gives_the_same_bytes_here_and_in_another_process(flights: Flights, name: str, kind: str) -> None:
    _, train, _ = flights.of(kind).rows()
    here = fitted(name, train).to_onnx()
    done = flights.run({"PYTHONHASHSEED": "3"}, estimator=name, parameters=few_trees(name))
    assert done.code == 0, done
    assert flights.model == here
    again = fitted(name, train).to_onnx()
    assert again == here


@every_kind
@every_estimator
def test_unseen_and_missing_values_survive_the_export(flights: Flights, name: str, kind: str) -> None:
    job, train, _ = flights.of(kind).rows()
    # Numbers of which training saw none missing, too.
    filled = [np.nan_to_num(column) if column.dtype != object else column for column in train.columns]
    unseen = pa.table(
        {
            "distance": pa.array([100, None, 2**25 + 1, -5]),
            "origin": ["never seen", None, "", 'Ä03 "x"'],
            "share late": pa.array([None, 0.5, 1e-40, -1e30]),
            "night": [None, True, False, True],
            "late": flights.validation["late"].slice(0, 4),
        }
    )
    flights.validation = unseen
    flights.write()
    validation = read_rows(job, job.validation, "validation")
    for rows in (train, Rows(train.features, tuple(filled), train.label, train.task)):
        model = fitted(name, rows)
        check_parity(model.to_onnx(), validation, model.predict(validation), float(train.label.std()))


def neighbours(flights: Flights) -> Rows:
    """Values one float32 step apart, the label changing between them: a threshold rounded the wrong way moves rows."""
    # Not smaller: scikit-learn's forests take values less than 1e-7 apart for one.
    steps = [np.float32(2.3)]
    for _ in range(30):
        steps.append(np.nextafter(steps[-1], np.float32(3)))
    values = np.repeat(np.array(steps, dtype=np.float32), 60)
    flights.train = pa.table({"share late": values, "late": (np.arange(len(values)) // 60) % 2 == 1})
    job = flights.job(features=[{"name": "share late", "type": "number"}])
    return read_rows(job, job.train, "training")


@pytest.mark.parametrize("name", list(TREES))
def test_thresholds_between_neighbouring_floats_survive_the_export(flights: Flights, name: str) -> None:
    prove(fitted(name, neighbours(flights)), neighbours(flights))


@pytest.mark.parametrize("module", [gradient_boosting, lightgbm, random_forest])
def test_thresholds_rounded_to_the_nearest_float_are_found_out(
    flights: Flights, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    name = next(name for name, file in BUILT_IN.items() if module.__name__.endswith(f".{file}"))
    monkeypatch.setattr(module, "lowered_to_float32", lambda threshold: threshold)
    with pytest.raises(TrainerError, match="does not survive the export"):
        prove(fitted(name, neighbours(flights)), neighbours(flights))


@pytest.mark.parametrize("kept", [["origin"], ["distance"], ["night", "origin", "share late"]])
@every_estimator
def test_any_mix_of_text_and_numbers_can_be_exported(flights: Flights, name: str, kept: list[str]) -> None:
    job = flights.job(features=[feature for each in kept for feature in FEATURES if feature["name"] == each])
    train = read_rows(job, job.train, "training")
    prove(fitted(name, train), train)


@pytest.mark.parametrize(
    "column", ["a b", "a.b", "ä", "1", "variable", "X", "float_input", "a/b:0", "__proto__", "node_0"]
)
@pytest.mark.parametrize("name", ["gradient-boosting", "lightgbm", "linear"])
def test_a_feature_may_have_any_name(flights: Flights, name: str, column: str) -> None:
    names = [column if each == "origin" else each for each in flights.train.column_names]
    flights.train = flights.train.rename_columns(names)
    job = flights.job(features=[FEATURES[0], {"name": column, "type": "string"}])
    train = read_rows(job, job.train, "training")
    prove(fitted(name, train), train)


@every_estimator
def test_a_column_that_is_always_missing_does_no_harm(flights: Flights, name: str) -> None:
    empty = pa.array([None] * flights.train.num_rows, pa.float64())
    texts = pa.array([None] * flights.train.num_rows, pa.string())
    flights.train = flights.train.set_column(2, "share late", empty).set_column(1, "origin", texts)
    _, train, validation = flights.rows()
    prove(fitted(name, train), validation)


@every_estimator
def test_more_categories_than_bins_are_learned(flights: Flights, name: str) -> None:
    origin = [f"place {row % 700}" for row in range(flights.train.num_rows)]
    flights.train = flights.train.set_column(1, "origin", pa.array(origin))
    _, train, validation = flights.rows()
    prove(fitted(name, train), validation)


@every_estimator
def test_two_classes_may_be_told_as_several(flights: Flights, name: str) -> None:
    late = np.where(flights.validation["late"].to_numpy(zero_copy_only=False), "yes", "no")
    flights.train = flights.validation = flights.validation.set_column(4, "late", pa.array(late))
    _, train, _ = flights.rows(task={"kind": "multiclass", "classes": ["yes", "no"]})
    share = run_onnx(prove(fitted(name, train), train), train)
    assert share[train.label == 0, 0].mean() > share[train.label == 1, 0].mean()


@every_estimator
def test_probabilities_come_as_false_then_true(flights: Flights, name: str) -> None:
    _, train, validation = flights.rows()
    share = run_onnx(fitted(name, train).to_onnx(), validation)
    assert share[validation.label == 1].mean() > share[validation.label == 0].mean()


#: By estimator and parameter, a value that changes the model.
CHANGES: dict[str, dict[str, Any]] = {
    "linear": {"l2_regularization": 50, "max_categories": 3, "max_iter": 2, "tol": 0.9},
    "random-forest": {
        "n_estimators": 5, "max_depth": 2, "max_leaf_nodes": 3, "min_samples_leaf": 200, "max_features": 1,
        "max_samples": 0.3,
    },
    "gradient-boosting": {
        "max_iter": 5, "learning_rate": 0.3, "max_leaf_nodes": 3, "max_depth": 2, "min_samples_leaf": 200,
        "l2_regularization": 50, "max_features": 0.3, "max_bins": 4, "early_stopping": True,
    },
    "lightgbm": {
        "n_estimators": 5, "learning_rate": 0.3, "num_leaves": 3, "max_depth": 2, "min_child_samples": 200,
        "reg_alpha": 5, "reg_lambda": 50, "subsample": 0.5, "colsample_bytree": 0.5, "max_bin": 4,
    },
    "xgboost": {
        "n_estimators": 5, "learning_rate": 0.1, "max_depth": 2, "min_child_weight": 50, "gamma": 5, "reg_alpha": 5,
        "reg_lambda": 50, "subsample": 0.5, "colsample_bytree": 0.5, "max_bin": 4,
    },
}  # fmt: skip


@every_estimator
def test_every_parameter_reaches_the_library(flights: Flights, name: str) -> None:
    _, train, validation = flights.rows()
    usual = fitted(name, train).predict(validation)
    # Two more belong to early stopping alone.
    declared = {each.name for each in find_estimator(name).parameters} - {"n_iter_no_change", "tol"}
    assert declared <= set(CHANGES[name])
    for parameter, value in CHANGES[name].items():
        found = fitted(name, train, **{parameter: value}).predict(validation)
        assert not np.array_equal(found, usual), parameter
