"""The seam: what a built-in estimator is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from ..data import Rows
from ..parameters import Parameter
from ..state import State


class Model(Protocol):
    """A fitted model."""

    def predict(self, rows: Rows) -> NDArray[Any]:
        """
        The fitted library's own answers. Binary: the share of the positive class for each row; several classes: a row
        of probabilities each, in the order of the task's classes; regression: the value.
        """
        ...

    def to_onnx(self) -> bytes:
        """
        The model with its preprocessing, with the inputs and outputs of the job contract (README.md). The same fit
        gives the same bytes.
        """
        ...


@runtime_checkable
class Staged(Protocol):
    """A model that knows what it was on its way: one of trees."""

    def stages(self, rows: Rows, steps: Sequence[int]) -> Iterator[NDArray[Any]]:
        """
        The answers as they were after each of these steps, which ascend, in little more time than one `predict` takes.
        At the last step of the fit they are those of `predict`, but for the rounding of the last digits.
        """
        ...


class Fit(Protocol):
    """A fit on its way, counted in steps: trees, or one step for a fit that cannot be cut."""

    #: In all. A fit that stops by itself lowers it to `done`.
    steps: int
    done: int
    #: All that the next segment goes on from, by file name: a checkpoint. Empty before the first segment, and always
    #: for a fit that cannot be cut.
    files: Mapping[str, bytes]

    def grow(self, steps: int) -> None:
        """Goes on by so many steps from `files`, and replaces them. It depends on nothing that was kept elsewhere."""
        ...

    def model(self) -> Model:
        """The model as it stands, from `files`."""
        ...


class Estimator(Protocol):
    """A way to fit models. Its module stays cheap to import: heavy libraries are imported in `begin` and after."""

    #: Its hyperparameters; those of `parameters.COMMON` are understood for every estimator.
    parameters: Sequence[Parameter]
    #: Modules that the fit needs, imported while the rows are read.
    fit_modules: Sequence[str]
    #: Modules that `to_onnx` needs, imported while the fit runs.
    export_modules: Sequence[str]
    #: Distributions whose versions go into the record of the model.
    packages: Sequence[str]

    def begin(self, rows: Rows, parameters: Mapping[str, Any], seed: int) -> Fit:
        """A fit of `rows.task`, with checked parameters. The same arguments and segments give the same model."""
        ...


@runtime_checkable
class Lasting(Protocol):
    """An estimator whose fits can go on, on other rows, from the trees that an earlier one has fitted."""

    parameters: Sequence[Parameter]
    fit_modules: Sequence[str]
    export_modules: Sequence[str]
    packages: Sequence[str]
    #: The distribution in whose form the trees are kept.
    library: str

    def begin(self, rows: Rows, parameters: Mapping[str, Any], seed: int, before: State | None = None) -> Fit:
        """As of every estimator; the steps are those that are added to what was there before."""
        ...

    def facts(self, fit: Any) -> Mapping[str, Any]:
        """What `begin` wants to know of one of its fits, as plain JSON."""
        ...
