"""Rows, and how they become what the network takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch


@dataclass
class Table:
    """Standardised numbers and which are missing; places of texts; the label."""

    numbers: torch.Tensor
    texts: torch.Tensor
    label: torch.Tensor


def read_table(job: dict[str, Any], name: str) -> dict[str, np.ndarray]:
    """Columns by name: float32 with NaN for numbers, objects with '' for texts, as the served model gets them."""
    names = [feature["name"] for feature in job["features"]]
    table = pq.read_table(job["data"][name], columns=[*names, job["label"]])
    columns = {}
    for feature in job["features"]:
        column = table[feature["name"]]
        if feature["type"] == "string":
            columns[feature["name"]] = pc.fill_null(column, "").to_numpy()
        else:
            columns[feature["name"]] = column.cast(pa.float64(), safe=False).to_numpy().astype(np.float32)
    label = table[job["label"]]
    if job["task"]["kind"] == "multiclass":
        places = {text: place for place, text in enumerate(job["task"]["classes"])}
        columns["\0label"] = np.array([places[str(value)] for value in label.to_pylist()])
    else:
        columns["\0label"] = label.cast(pa.float64(), safe=False).to_numpy().astype(np.float32)
    return columns


class Preparation:
    """What is learned from the training rows before any network: means, deviations, the texts there are."""

    def __init__(self, job: dict[str, Any], columns: dict[str, np.ndarray]) -> None:
        self.texts = [each["name"] for each in job["features"] if each["type"] == "string"]
        self.numbers = [each["name"] for each in job["features"] if each["type"] != "string"]
        label = columns["\0label"]
        #: 0 is for texts that training never saw.
        self.places = [
            {text: place for place, text in enumerate(sorted(set(columns[name])), start=1)} for name in self.texts
        ]
        self.mean = np.array([_finite(np.nanmean, columns[name], 0) for name in self.numbers], np.float32)
        self.scale = np.array([_finite(np.nanstd, columns[name], 1) for name in self.numbers], np.float32)
        #: The network learns numbers by how many deviations they are from the mean.
        self.label_mean, self.label_scale = 0.0, 1.0
        if job["task"]["kind"] == "regression":
            self.label_mean, self.label_scale = float(label.mean()), float(label.std()) or 1.0
        self.outputs = len(job["task"]["classes"]) if job["task"]["kind"] == "multiclass" else 1

    def table(self, columns: dict[str, np.ndarray]) -> Table:
        count = len(columns["\0label"])
        numbers = np.zeros((count, 2 * len(self.numbers)), np.float32)
        for place, name in enumerate(self.numbers):
            missing = np.isnan(columns[name])
            standard = (columns[name] - self.mean[place]) / self.scale[place]
            numbers[:, place], numbers[:, len(self.numbers) + place] = np.where(missing, 0, standard), missing
        texts = np.zeros((count, len(self.texts)), np.int64)
        for column, (name, places) in enumerate(zip(self.texts, self.places)):
            texts[:, column] = [places.get(text, 0) for text in columns[name]]
        label = columns["\0label"]
        if label.dtype != np.int64:
            label = ((label - self.label_mean) / self.label_scale).astype(np.float32)
        return Table(torch.from_numpy(numbers), torch.from_numpy(texts), torch.from_numpy(label))


def _finite(statistic: Any, values: np.ndarray, otherwise: float) -> float:
    found = float(statistic(values.astype(np.float64))) if not np.isnan(values).all() else otherwise
    return found if found or otherwise == 0 else otherwise
