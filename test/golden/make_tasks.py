"""Makes multiclass.json and regression.json: what scikit-learn says, for our own code to agree with.

python -m pip install scikit-learn==1.9.1 numpy==2.4.6
python test/golden/make_tasks.py
"""

import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    log_loss,
    mean_absolute_error,
    r2_score,
    root_mean_squared_error,
)

FOLDER = Path(__file__).parent
MADE_BY = f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}"
CLIP = 1e-15


def resampled(rng, measure, rows, usable):
    """Blocks of a few rows each, and four resamples of them as weights."""
    blocks = np.arange(rows) % max(2, rows // 8)
    count = blocks.max() + 1
    resamples = []
    while len(resamples) < 4:
        counts = rng.multinomial(count, [1 / count] * count)
        if usable(counts[blocks]):
            resamples.append({"counts": counts.tolist(), "metrics": measure(counts[blocks])})
    return {"blocks": blocks.tolist(), "metrics": measure(np.ones(rows)), "resamples": resamples}


def multiclass_case(rng, name, labels, shares, classes, size):
    """`classes`: the label of each column of `shares`; `labels` of -1 are of a class that has no column anywhere."""
    rows = len(labels)
    # A column for every label there can be; the last is for -1.
    wide = np.zeros((rows, size + 1))
    wide[:, classes] = shares
    truth = np.where(labels < 0, size, labels)
    every = np.arange(size + 1)

    def measure(weights):
        return {
            "logLoss": log_loss(truth, np.clip(wide, CLIP, 1), labels=every, sample_weight=weights),
            "brier": brier_score_loss(truth, wide, labels=every, sample_weight=weights, scale_by_half=False),
            "accuracy": accuracy_score(truth, np.asarray(classes)[shares.argmax(axis=1)], sample_weight=weights),
        }

    return {
        "name": name,
        "labels": labels.tolist(),
        "classes": list(map(int, classes)),
        "shares": shares.tolist(),
        **resampled(rng, measure, rows, lambda weights: weights.sum() > 0),
    }


def softmax(scores):
    exponents = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def make_multiclass():
    rng = np.random.default_rng(20010102)
    labels = rng.choice(3, size=96, p=[0.5, 0.3, 0.2])
    skilful = softmax(rng.normal(size=(96, 3)) + 2 * np.eye(3)[labels])
    certain = np.eye(3)[rng.choice(3, size=96)]
    many = rng.choice(20, size=80)
    unseen = np.where(rng.uniform(size=96) < 0.1, -1, labels)
    return [
        multiclass_case(rng, "three classes", labels, skilful, [0, 1, 2], 3),
        multiclass_case(rng, "columns in another order", labels, skilful[:, [2, 0, 1]], [2, 0, 1], 3),
        multiclass_case(rng, "certain, and often wrong", labels, certain, [0, 1, 2], 3),
        multiclass_case(rng, "ties", labels, np.full((96, 3), 1 / 3), [0, 1, 2], 3),
        multiclass_case(rng, "twenty classes", many, softmax(rng.normal(size=(80, 20)) + np.eye(20)[many]), range(20), 20),
        multiclass_case(rng, "a class that the model does not know", labels, softmax(skilful[:, [0, 2]]), [0, 2], 3),
        multiclass_case(rng, "rows of classes that nobody knows", unseen, skilful, [0, 1, 2], 3),
    ]


def regression_case(rng, name, labels, scores):
    def measure(weights):
        return {
            "rmse": root_mean_squared_error(labels, scores, sample_weight=weights),
            "mae": mean_absolute_error(labels, scores, sample_weight=weights),
            "r2": r2_score(labels, scores, sample_weight=weights),
        }

    return {
        "name": name,
        "labels": labels.tolist(),
        "scores": scores.tolist(),
        **resampled(rng, measure, len(labels), lambda weights: len(set(labels[weights > 0])) > 1),
    }


def make_regression():
    rng = np.random.default_rng(20010103)
    labels = rng.gamma(2, 10, size=96)
    noisy = labels + rng.normal(scale=5, size=96)
    return [
        regression_case(rng, "a good model", labels, noisy),
        regression_case(rng, "worse than the mean", labels, -noisy),
        regression_case(rng, "always the mean", labels, np.full(96, labels.mean())),
        regression_case(rng, "perfect", labels, labels),
        regression_case(rng, "far from zero", labels + 1e6, noisy + 1e6),
        regression_case(rng, "tiny numbers", labels * 1e-9, noisy * 1e-9),
        regression_case(rng, "two values", (labels > 20).astype(float), np.clip(noisy / 40, 0, 1)),
        regression_case(rng, "two rows", np.array([1.5, 4.0]), np.array([2.0, 3.0])),
    ]


def write(name, cases):
    lines = [f'"madeBy": {json.dumps(MADE_BY)}', f'"cases": {json.dumps(cases)}']
    (FOLDER / name).write_text("{\n" + ",\n".join(lines) + "\n}\n")


write("multiclass.json", make_multiclass())
write("regression.json", make_regression())
