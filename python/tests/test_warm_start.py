"""Trainings that go on from the trees of the model before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from flights import FEATURES, TASKS, Finished, Flights, labelled, table

from perennial_trainer.begin import begin
from perennial_trainer.estimators import find_estimator
from perennial_trainer.job import read_job
from perennial_trainer.parameters import check_parameters

LASTING = ("lightgbm", "xgboost")
every_lasting = pytest.mark.parametrize("name", LASTING)
every_kind = pytest.mark.parametrize("kind", list(TASKS))


def trained(flights: Flights, name: str, trees: int = 10, before: Path | None = None, **changes: Any) -> Finished:
    """A training that leaves its state, and goes on from that of the one before."""
    warm = {"warmStart": {"state": str(before), "maxTrees": 100}} if before else {}
    plain = {"estimator": name, "parameters": {"n_estimators": trees}, "keepState": True}
    done = flights.run(**{**plain, **warm, **changes})
    assert done.code == 0, done
    return done


def left(flights: Flights, name: str) -> Path:
    """Takes the state out of the output of the training that has just been."""
    return Path(shutil.move(flights.folder / "output" / "state", flights.folder / name))


def about(state: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((state / "about.json").read_text())
    return content


def with_origins(flights: pa.Table, names: Sequence[str]) -> pa.Table:
    """The same flights, every tenth of them from an airport that nobody has seen before."""
    origin = flights["origin"].to_pylist()
    for place in range(0, len(origin), 10):
        origin[place] = names[place // 10 % len(names)]
    return flights.set_column(flights.schema.get_field_index("origin"), "origin", pa.array(origin))


@every_kind
@every_lasting
def test_it_adds_trees_on_new_rows_and_comes_to_the_same_each_time(flights: Flights, name: str, kind: str) -> None:
    trained(flights.of(kind), name)
    first = left(flights, "first")
    assert (about(first)["trees"], about(first)["from"], about(first)["anew"]) == (10, 0, None)

    flights.train = with_origins(labelled(table(seed=5), kind), ["Ä00 a", "zz"])
    flights.validation = with_origins(flights.validation, ["Ä00 a", "never seen"])
    # The export answers as the library does, or the training fails: new categories and unknown ones are among the rows.
    done = trained(flights, name, 5, first)
    assert any(line.get("message") == "going on from 10 trees of the model before" for line in done.lines)
    once, second = flights.model, left(flights, "second")
    assert (about(second)["trees"], about(second)["from"]) == (15, 10)
    assert about(second)["facts"]["texts"][0]["below"] == 2

    trained(flights, name, 5, first)
    again = left(flights, "again")
    assert flights.model == once
    assert {file.name: file.read_bytes() for file in again.iterdir()} == {
        file.name: file.read_bytes() for file in second.iterdir()
    }

    flights.train = with_origins(labelled(table(seed=6), kind), ["aa", "zz", "zzz"])
    trained(flights, name, 5, second)
    third = about(left(flights, "third"))
    assert (third["trees"], third["facts"]["texts"][0]["below"]) == (20, 4)


@every_lasting
def test_to_older_trees_a_new_category_is_what_it_was_unknown(flights: Flights, name: str) -> None:
    trained(flights, name)
    state = left(flights, "first")
    for generation, new in enumerate((["Ä00 a", "zz"], ["aa", "zzz"])):
        before, newcomers = state, with_origins(flights.validation, new)
        flights.validation, old = newcomers, flights.validation
        job, _, rows = flights.rows(estimator=name, parameters={}, warmStart={"state": str(before), "maxTrees": 200})
        found = find_estimator(name)
        parameters = check_parameters(found.parameters, {})
        # The rows with the new categories are not those that it is trained on here, and then they are.
        flights.validation = old
        unknown = begin(job, found, parameters, flights.rows()[1]).fit.model().predict(rows)
        known = begin(job, found, parameters, rows).fit.model().predict(rows)
        assert known.tobytes() == unknown.tobytes(), generation
        flights.train = with_origins(table(seed=7 + generation), new)
        trained(flights, name, 30, before)
        state = left(flights, f"generation-{generation}")
    texts = about(state)["facts"]["texts"][0]
    assert texts["below"] == 4 and texts["categories"][:4] == ["zzz", "aa", "Ä00 a", "zz"]


@every_lasting
def test_a_warm_fit_that_was_stopped_goes_on_to_the_same_bytes(flights: Flights, name: str) -> None:
    parameters = {"n_estimators": 9, "subsample": 0.5}
    trained(flights, name, parameters=parameters)
    first = left(flights, "first")
    changes = {"parameters": parameters, "checkpointEvery": 3, "checkpoints": "checkpoints"}
    flights.train = table(seed=5)
    trained(flights, name, before=first, **changes)
    undisturbed = flights.model
    shutil.move(flights.folder / "checkpoints" / "step-6", flights.folder / "kept")
    resume = {"resume": {"checkpoint": "kept", "step": 6}}
    done = trained(flights, name, before=first, **changes, **resume)
    assert flights.model == undisturbed
    assert any(line.get("message") == "going on after step 6" for line in done.lines)
    assert about(left(flights, "second"))["trees"] == 18

    # Begun anew it is another fit, which the checkpoint is not of.
    done = trained(flights, name, **changes, **resume)
    assert any("beginning anew: the checkpoint" in line.get("message", "") for line in done.lines)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"features": FEATURES[1:]}, "has other features (with 'distance')"),
        ({"features": [{"name": "distance", "type": "number"}, *FEATURES[1:]]}, "has other features (with 'dist"),
        ({"features": FEATURES[::-1]}, "has other features (in another order)"),
        ({"task": {"kind": "regression"}}, "has the task binary, not regression"),
        ({"label": "night", "features": FEATURES[:3]}, "has the label late, not night"),
        ({"estimator": "xgboost"}, "has the estimator lightgbm, not xgboost"),
        ({"parameters": {"n_estimators": 9, "shuffle_labels": True}}, "has learned from the right labels"),
        ({"parameters": {"n_estimators": 91}}, "has 10 trees, and 91 more would be above the most, 100"),
    ],
)
def test_what_does_not_fit_is_said_and_the_fit_begins_anew(flights: Flights, changes: Any, why: str) -> None:
    for rows in ("train", "validation"):
        found = getattr(flights, rows)
        late = found["late"].cast(pa.int64())
        setattr(flights, rows, found.set_column(3, "night", late).set_column(4, "late", late))
    trained(flights, "lightgbm")
    first = left(flights, "first")
    trained(flights, "lightgbm", **changes)
    anew = flights.model
    done = trained(flights, "lightgbm", before=first, **changes)
    assert flights.model == anew
    told = about(left(flights, "second"))
    assert told["from"] == 0 and told["anew"].startswith(why), told["anew"]
    assert any(line.get("message") == f"beginning anew: the model before {told['anew']}" for line in done.lines)


def test_another_version_of_the_library_or_half_a_state_begins_anew(flights: Flights) -> None:
    trained(flights, "lightgbm")
    first = left(flights, "first")
    content = about(first)
    (first / "about.json").write_text(json.dumps({**content, "library": "lightgbm 1.0"}))
    trained(flights, "lightgbm", before=first)
    assert about(left(flights, "second"))["anew"].startswith("has the library lightgbm 1.0, not lightgbm ")
    (first / "about.json").write_text(json.dumps(content))
    (first / "model.txt").unlink()
    trained(flights, "lightgbm", before=first)
    assert about(left(flights, "third"))["anew"] == "cannot be read (FileNotFoundError)"


@pytest.mark.parametrize("name", ["linear", "random-forest", "gradient-boosting"])
def test_an_estimator_that_cannot_go_on_says_so(flights: Flights, name: str) -> None:
    done = flights.run(estimator=name, parameters={}, keepState=True)
    assert done.error["code"] == "JOB.INVALID" and "no training can go on from its models" in done.error["message"]


@pytest.mark.parametrize("warm", ["state", {"state": "there"}, {"state": "there", "maxTrees": "many"}])
def test_a_warm_start_that_is_none_is_refused(flights: Flights, warm: Any) -> None:
    with pytest.raises(Exception, match="JOB.INVALID|warmStart|maxTrees"):
        read_job(str(flights.write(warmStart=warm)))
