"""Types of Parquet columns."""

from __future__ import annotations

import pyarrow as pa

from .errors import TrainerError


def is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_))


def wrong_type(name: str, column: pa.ChunkedArray, want: str, what: str) -> TrainerError:
    """`what` names the rows: training, validation."""
    return TrainerError("DATA.TYPE", f"use the column {name!r} of the {what} rows: it holds {column.type}, want {want}")
