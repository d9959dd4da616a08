from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from flights import Flights

from perennial_trainer.data import read_rows
from perennial_trainer.errors import TrainerError
from perennial_trainer.label import check_something_to_learn

Change = Callable[[pa.Table], pa.Table]


def replaced(name: str, values: object) -> Change:
    return lambda table: table.set_column(table.schema.get_field_index(name), name, pa.array(values))  # type: ignore[arg-type]


def test_rows_are_read_as_the_served_model_will_see_them(flights: Flights) -> None:
    flights.train = pa.table(
        {
            "distance": pa.array([2**24 + 1, None, 3]),
            "origin": ["b", None, "a"],
            "share late": pa.array([0.1, None, 1e-50]),
            "night": [True, None, False],
            "late": [1, 0, 1],
        }
    )
    job, rows, _ = flights.rows()
    assert [column.dtype for column in rows.columns] == [np.float32, object, np.float32, np.float32]
    assert rows.columns[0].tolist()[0] == 2**24
    assert rows.columns[1].tolist() == ["b", "", "a"]
    assert np.isnan(rows.columns[2][1]) and rows.columns[3].tolist()[::2] == [1, 0]
    assert rows.label.tolist() == [1, 0, 1]
    assert job.label == "late"


@pytest.mark.parametrize(
    ("change", "code", "named"),
    [
        (lambda table: table.slice(0, 0), "DATA.EMPTY", "there are none"),
        (
            lambda table: table.rename_columns(["distances", *table.column_names[1:]]),
            "DATA.COLUMN_MISSING",
            "'distances'",
        ),
        (replaced("late", ["yes"] * 2000), "DATA.TYPE", "true/false or 1/0"),
        (replaced("late", [0, 1, 2, 3] * 500), "DATA.LABEL", "found 2, 3"),
        (replaced("late", [float("nan"), 1.0] * 1000), "DATA.LABEL", "found nan"),
        (replaced("late", [None, True] * 1000), "DATA.LABEL", "missing in 1000 of 2000"),
        (replaced("origin", list(range(2000))), "DATA.TYPE", "want text"),
        (replaced("distance", ["far"] * 2000), "DATA.TYPE", "'distance'"),
        (replaced("share late", [1e39] * 2000), "DATA.INFINITE", "'share late'"),
    ],
)
def test_unusable_rows_are_refused_by_column(flights: Flights, change: Change, code: str, named: str) -> None:
    flights.train = change(flights.train)
    with pytest.raises(TrainerError) as caught:
        flights.rows()
    assert caught.value.code == code and named in str(caught.value)


@pytest.mark.parametrize("value", [True, False])
def test_a_label_of_one_class_is_refused(flights: Flights, value: bool) -> None:
    flights.train = replaced("late", [value] * 2000)(flights.train)
    job, rows, _ = flights.rows()
    with pytest.raises(TrainerError, match=f"'late' is {str(value).lower()} in all"):
        check_something_to_learn(job.task, "late", rows.label)


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.int8(), pa.uint64()])
def test_classes_are_places_in_the_list_of_the_task(flights: Flights, type_: pa.DataType) -> None:
    flights.train = flights.validation = replaced("late", pa.array([10, 9, 10, -1] * 500).cast(pa.int64()))(
        flights.train
    )
    if type_ != pa.uint64():
        flights.train = replaced("late", flights.train["late"].cast(type_))(flights.train)
    _, rows, _ = flights.rows(task={"kind": "multiclass", "classes": ["9", "-1", "10"]})
    assert rows.label[:4].tolist() == [2, 0, 2, 1]


@pytest.mark.parametrize(
    ("kind", "change", "code", "named"),
    [
        ("multiclass", replaced("late", ["late", "lost"] * 1000), "DATA.LABEL", "found 'lost', want one of 'on time'"),
        ("multiclass", replaced("late", [0.5] * 2000), "DATA.TYPE", "text or whole numbers"),
        ("multiclass", replaced("late", ["late", None] * 1000), "DATA.LABEL", "missing in 1000"),
        ("multiclass", replaced("late", ["late"] * 2000), "DATA.CLASS_MISSING", "never 'on time', 'éarly'"),
        ("regression", replaced("late", [1.0, float("inf")] * 1000), "DATA.LABEL", "no finite numbers"),
        ("regression", replaced("late", ["1"] * 2000), "DATA.TYPE", "want numbers"),
        ("regression", replaced("late", [2.5] * 2000), "DATA.ONE_VALUE", "'late' is 2.5 in all"),
    ],
)
def test_labels_of_other_kinds_are_refused(flights: Flights, kind: str, change: Change, code: str, named: str) -> None:
    flights.of(kind).train = change(flights.train)
    with pytest.raises(TrainerError) as caught:
        job, rows, _ = flights.rows()
        check_something_to_learn(job.task, "late", rows.label)
    assert caught.value.code == code and named in str(caught.value)


def test_a_file_that_is_not_parquet_is_refused(flights: Flights) -> None:
    job = flights.job()
    job.train.write_bytes(b"PAR1 nothing of the kind PAR1")
    with pytest.raises(TrainerError) as caught:
        read_rows(job, job.train, "training")
    assert caught.value.code == "DATA.UNREADABLE"
    job.train.unlink()
    with pytest.raises(TrainerError):
        read_rows(job, job.train, "training")
