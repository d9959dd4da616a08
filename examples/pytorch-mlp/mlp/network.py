"""The network: an embedding for each text, beside the numbers, and two hidden layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from table import Preparation, Table

WIDTH = 8


class Network(nn.Module):
    def __init__(self, preparation: Preparation, hidden: int) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(len(places) + 1, WIDTH) for places in preparation.places)
        inputs = 2 * len(preparation.numbers) + WIDTH * len(self.embeddings)
        sizes = [inputs, hidden, hidden, preparation.outputs]
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in zip(sizes, sizes[1:]))

    def forward(self, numbers: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
        value = torch.cat([numbers, *(each(texts[:, place]) for place, each in enumerate(self.embeddings))], dim=1)
        for layer in self.layers[:-1]:
            value = torch.relu(layer(value))
        return self.layers[-1](value)


def loss_of(task: dict[str, Any], scores: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    if task["kind"] == "multiclass":
        return functional.cross_entropy(scores, label)
    if task["kind"] == "binary":
        return functional.binary_cross_entropy_with_logits(scores[:, 0], label)
    return functional.mse_loss(scores[:, 0], label)


def answers(task: dict[str, Any], network: Network, preparation: Preparation, table: Table) -> np.ndarray:
    """Probabilities of the classes, shares of the positive class, or values: one row a row."""
    with torch.no_grad():
        scores = network(table.numbers, table.texts)
        if task["kind"] == "multiclass":
            return torch.softmax(scores, dim=1).numpy()
        if task["kind"] == "binary":
            return torch.sigmoid(scores).numpy()
        return (scores * preparation.label_scale + preparation.label_mean).numpy()
