"""From the scores that boosted trees add up to answers."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from ..task import Task


def answers_of(task: Task, scores: NDArray[Any]) -> NDArray[Any]:
    """As `Model.predict` gives them; of a regression the score is the answer."""
    if task.is_regression:
        return scores
    from scipy.special import expit, softmax

    answers: NDArray[Any] = softmax(scores, axis=1) if task.is_multiclass else expit(scores)
    return answers
