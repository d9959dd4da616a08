"""Rows as the matrix that trees take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import Rows


class Columns:
    """
    Text becomes the number of its category; the trees take it from there. Categories count from 0, alphabetically. One
    that a later training is the first to see gets the number below all others, and what no training saw is always
    one below the lowest: to older trees a new category is what it was, unknown, and newer trees can tell it apart.
    Encoded texts come first, then numbers, each value exactly a float32, NaN where it is missing.
    """

    def __init__(self, rows: Rows, before: Sequence[Mapping[str, Any]] | None = None) -> None:
        """`before`: the categories of the training before, as `known` gave them."""
        self.features = rows.features
        #: Positions of the features that are text, and of those that are numbers.
        self.texts = [place for place, feature in enumerate(rows.features) if feature.is_text]
        self.numbers = [place for place, feature in enumerate(rows.features) if not feature.is_text]
        #: scikit-learn's OrdinalEncoder of the texts, if there are any.
        self.encoder: Any | None = None
        self._below = np.zeros(len(self.texts), np.float32)
        if self.texts:
            from sklearn.preprocessing import OrdinalEncoder

            texts = self._texts(rows)
            more = [self._more(*each) for each in zip(before, texts.T, strict=True)] if before is not None else None
            self.encoder = OrdinalEncoder(
                handle_unknown="use_encoded_value",
                unknown_value=-1,
                dtype=np.float32,
                categories=more or "auto",
            )
            self.encoder.fit(texts)
        if before is not None:
            counts = zip(before, self.categories, strict=True)
            self._below += [each["below"] + len(now) - len(each["categories"]) for each, now in counts]

    @property
    def categories(self) -> list[list[str]]:
        """Of each text, by their numbers."""
        return [list(each) for each in self.encoder.categories_] if self.encoder is not None else []

    @property
    def known(self) -> list[dict[str, Any]]:
        """Of each text its categories by their numbers, and how many of those are below 0: plain JSON."""
        counts = zip(self.categories, self._below, strict=True)
        return [{"categories": categories, "below": int(below)} for categories, below in counts]

    def matrix(self, rows: Rows, dtype: type = np.float64) -> NDArray[Any]:
        matrix: NDArray[Any] = np.empty((rows.count, len(self.texts) + len(self.numbers)), dtype=dtype)
        if self.encoder is not None:
            matrix[:, : len(self.texts)] = self.encoder.transform(self._texts(rows)) - self._below
        for column, place in enumerate(self.numbers, start=len(self.texts)):
            matrix[:, column] = rows.columns[place]
        return matrix

    def _texts(self, rows: Rows) -> NDArray[Any]:
        return np.stack([rows.columns[place] for place in self.texts], axis=1)

    @staticmethod
    def _more(before: Mapping[str, Any], texts: NDArray[Any]) -> NDArray[Any]:
        found = sorted(set(texts) - set(before["categories"]), reverse=True)
        return np.array([*found, *before["categories"]], dtype=object)
