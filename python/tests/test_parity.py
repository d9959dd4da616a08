from __future__ import annotations

import numpy as np
import pytest
from flights import Flights

from perennial_trainer.data import Rows
from perennial_trainer.errors import TrainerError
from perennial_trainer.estimators.gradient_boosting import ESTIMATOR, GradientBoosting, GradientBoostingModel
from perennial_trainer.parameters import check_parameters
from perennial_trainer.parity import check_parity


class NativeCategories(GradientBoosting):
    """The tempting way: scikit-learn's own categorical splits. It exports without an error, and wrongly."""

    def fit(self, rows: Rows, parameters: object, seed: int) -> GradientBoostingModel:
        from sklearn.ensemble import HistGradientBoostingClassifier

        model = super().fit(rows, {parameter.name: parameter.default for parameter in self.parameters}, seed)
        trees = HistGradientBoostingClassifier(max_iter=20, categorical_features=[0], random_state=seed)
        matrix = np.stack([model._encoder.transform(rows.columns[1].reshape(-1, 1))[:, 0], *rows.columns[::2]], axis=1)
        model._trees = trees.fit(np.column_stack([matrix, rows.columns[3]]), rows.label)
        return model


def test_native_categories_are_found_out(flights: Flights) -> None:
    _, train, validation = flights.rows()
    model = NativeCategories().fit(train, {}, 7)
    onnx = model.to_onnx()
    with pytest.raises(TrainerError) as caught:
        check_parity(onnx, validation, model.predict(validation))
    assert caught.value.code == "PARITY.FAILED"
    assert "of 500 validation rows" in str(caught.value)


def test_one_wrong_row_is_enough(flights: Flights) -> None:
    _, train, validation = flights.rows()
    model = ESTIMATOR.fit(train, check_parameters("x", ESTIMATOR.parameters, {"max_iter": 5}), 7)
    onnx, expected = model.to_onnx(), model.predict(validation)
    check_parity(onnx, validation, expected)
    for wrong in (expected[7] + 2e-5, np.nan):
        changed = expected.copy()
        changed[7] = wrong
        with pytest.raises(TrainerError, match="on 1 of 500 validation rows. Row 7"):
            check_parity(onnx, validation, changed)


def test_a_model_with_another_signature_is_refused(flights: Flights) -> None:
    _, train, validation = flights.rows()
    model = ESTIMATOR.fit(train, check_parameters("x", ESTIMATOR.parameters, {"max_iter": 5}), 7)
    fewer = Rows(validation.features[1:], validation.columns[1:], validation.label)
    with pytest.raises(TrainerError) as caught:
        check_parity(model.to_onnx(), fewer, model.predict(validation))
    assert caught.value.code == "EXPORT.SIGNATURE"
