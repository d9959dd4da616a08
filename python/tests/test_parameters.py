from __future__ import annotations

import json
from typing import Any

import pytest

from perennial_trainer.errors import TrainerError
from perennial_trainer.estimators import BUILT_IN, find_estimator
from perennial_trainer.estimators.__main__ import table
from perennial_trainer.estimators.gradient_boosting import ESTIMATOR
from perennial_trainer.parameters import check_parameters


def check(given: dict[str, Any]) -> dict[str, Any]:
    return check_parameters(ESTIMATOR.parameters, given)


def test_defaults_fill_what_is_not_given() -> None:
    values = check({"max_iter": 50.0, "max_depth": None})
    assert values["max_iter"] == 50 and isinstance(values["max_iter"], int)
    assert values["learning_rate"] == 0.1 and values["max_depth"] is None and values["shuffle_labels"] is False


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"learnin_rate": 1}, "did you mean 'learning_rate'?"),
        ({"zzz": 1}, "known: max_iter"),
        ({"max_iter": 0}, "'max_iter' is 0, want a whole number from 1 to 10000"),
        ({"max_iter": 10_001}, "is 10001"),
        ({"max_iter": [1]}, "is [1]"),
        ({"max_iter": 1.5}, "a whole number"),
        ({"max_iter": "100"}, "'100'"),
        ({"max_iter": True}, "True"),
        ({"max_iter": None}, "None"),
        ({"learning_rate": float("nan")}, "a number"),
        ({"max_depth": 0}, "from 1 to 64 or null"),
        ({"shuffle_labels": 1}, "true or false"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_is_wanted(given: dict[str, Any], named: str) -> None:
    with pytest.raises(TrainerError) as caught:
        check(given)
    assert caught.value.code == "PARAMETERS.INVALID" and named in str(caught.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(TrainerError) as caught:
        check({"max_iter": 0, "learnin_rate": 1})
    assert "max_iter" in str(caught.value) and "learning_rate" in str(caught.value)


def test_the_table_holds_only_estimators_that_load() -> None:
    for name in BUILT_IN:
        assert find_estimator(name).parameters


def test_the_table_of_all_estimators_has_what_each_of_them_takes() -> None:
    printed = json.loads(json.dumps(table(), allow_nan=False))
    assert list(printed["estimators"]) == list(BUILT_IN)
    for name, own in printed["estimators"].items():
        known = {**own, **printed["common"]}
        values = check_parameters(find_estimator(name).parameters, {each: known[each]["default"] for each in known})
        assert values.keys() == known.keys()
    assert printed["estimators"]["gradient-boosting"]["max_depth"] == {
        "type": "int",
        "default": None,
        "minimum": 1,
        "maximum": 64,
        "help": "Most splits from root to leaf; null: no limit.",
    }
    assert printed["common"]["shuffle_labels"].keys() == {"type", "default", "help"}


def test_an_unknown_estimator_is_answered_with_the_nearest() -> None:
    with pytest.raises(TrainerError, match="did you mean 'gradient-boosting'"):
        find_estimator("gradient-bosting")
