from __future__ import annotations

import numpy as np
import pytest
from flights import Flights, fitted

from perennial_trainer.data import Rows
from perennial_trainer.errors import TrainerError
from perennial_trainer.estimators.columns import Columns
from perennial_trainer.estimators.gradient_boosting import GradientBoostingModel
from perennial_trainer.parity import check_parity


class NativeCategories(GradientBoostingModel):
    """The tempting way: scikit-learn's own categorical splits. It exports without an error, and wrongly."""

    def __init__(self, rows: Rows, columns: Columns) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier

        trees = HistGradientBoostingClassifier(max_iter=20, categorical_features=[0], random_state=7)
        super().__init__(rows.task, columns, trees.fit(columns.matrix(rows), rows.label))


def test_native_categories_are_found_out(flights: Flights) -> None:
    _, train, validation = flights.rows()
    model = NativeCategories(train, Columns(train))
    onnx = model.to_onnx()
    with pytest.raises(TrainerError) as caught:
        check_parity(onnx, validation, model.predict(validation))
    assert caught.value.code == "PARITY.FAILED"
    assert "of 500 validation rows" in str(caught.value)


def test_one_wrong_row_is_enough(flights: Flights) -> None:
    _, train, validation = flights.rows()
    model = fitted("gradient-boosting", train)
    onnx, expected = model.to_onnx(), model.predict(validation)
    check_parity(onnx, validation, expected)
    for wrong in (expected[7] + 2e-5, np.nan):
        changed = expected.copy()
        changed[7] = wrong
        with pytest.raises(TrainerError, match="on 1 of 500 validation rows. Row 7"):
            check_parity(onnx, validation, changed)


def test_a_model_with_another_signature_is_refused(flights: Flights) -> None:
    _, train, validation = flights.rows()
    model = fitted("gradient-boosting", train)
    fewer = Rows(validation.features[1:], validation.columns[1:], validation.label)
    with pytest.raises(TrainerError) as caught:
        check_parity(model.to_onnx(), fewer, model.predict(validation))
    assert caught.value.code == "EXPORT.SIGNATURE"


@pytest.mark.parametrize("kind", ["multiclass", "regression"])
def test_a_wrong_answer_of_another_kind_is_found_too(flights: Flights, kind: str) -> None:
    _, train, validation = flights.of(kind).rows()
    model = fitted("xgboost", train)
    onnx, expected, spread = model.to_onnx(), model.predict(validation), float(train.label.std())
    check_parity(onnx, validation, expected, spread)
    changed = expected.copy()
    # A thousandth of 2000 is far from float32's rounding, a thousandth of a probability from any.
    changed[7] = expected[7] * 1.001
    with pytest.raises(TrainerError, match="on 1 of 500 validation rows. Row 7"):
        check_parity(onnx, validation, changed, spread)
