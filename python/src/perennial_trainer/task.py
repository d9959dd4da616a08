"""What is predicted: one of two classes, one of several, or a number."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("binary", "multiclass", "regression")


@dataclass(frozen=True)
class Task:
    """The kind of label, and with `multiclass` the classes in the order of the model's probabilities."""

    kind: str = "binary"
    classes: tuple[str, ...] = ()

    @property
    def is_regression(self) -> bool:
        return self.kind == "regression"

    @property
    def is_multiclass(self) -> bool:
        return self.kind == "multiclass"

    @property
    def scores(self) -> int:
        """How many numbers a model has to work out for a row: one share, one value, or one score a class."""
        return len(self.classes) if self.is_multiclass else 1
