"""The seam: what a built-in estimator is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from ..data import Rows
from ..parameters import Parameter


class Model(Protocol):
    """A fitted model of a binary label."""

    def predict(self, rows: Rows) -> NDArray[Any]:
        """The share of the positive class for each row, as the fitted model itself says."""
        ...

    def to_onnx(self) -> bytes:
        """
        The model with its preprocessing. One input `[None, 1]` a feature, in the order of the features: string for text,
        float for all else. Outputs: `label` int64 `[None]`, `probabilities` float `[None, 2]`. The same fit gives the
        same bytes.
        """
        ...


class Estimator(Protocol):
    """A way to fit models. Its module stays cheap to import: heavy libraries are imported in `fit`."""

    #: Its hyperparameters; those of `parameters.COMMON` are understood for every estimator.
    parameters: Sequence[Parameter]
    #: Modules that `fit` needs, imported while the rows are read.
    fit_modules: Sequence[str]
    #: Modules that `to_onnx` needs, imported while the fit runs.
    export_modules: Sequence[str]
    #: Distributions whose versions go into the record of the model.
    packages: Sequence[str]

    def fit(self, rows: Rows, parameters: Mapping[str, Any], seed: int) -> Model:
        """Fits on rows of both classes, with checked parameters. The same arguments give the same model."""
        ...
