"""Makes metrics.json, bootstrap.json and normal.json: what scikit-learn and SciPy say, for our own code to agree with.

python -m pip install scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6
python test/golden/make_metrics.py
"""

import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score

FOLDER = Path(__file__).parent
MADE_BY = f"scikit-learn {sklearn.__version__}, SciPy {scipy.__version__}, NumPy {np.__version__}"


def measure(labels, scores, weights=None):
    return {
        "auc": roc_auc_score(labels, scores, sample_weight=weights),
        "brier": brier_score_loss(labels, scores, sample_weight=weights),
        "logLoss": log_loss(labels, scores, sample_weight=weights),
        "accuracy": accuracy_score(labels, scores > 0.5, sample_weight=weights),
    }


def make_cases():
    rng = np.random.default_rng(20010101)
    chance = rng.uniform(size=240)
    labels = (rng.uniform(size=240) < chance).astype(int)
    noisy = np.clip(chance + rng.normal(scale=0.2, size=240), 0, 1)
    cases = {
        "distinct scores": (labels, rng.uniform(size=240)),
        "skilful scores, some of them exactly 0 and 1": (labels, noisy),
        "many ties": (labels, np.round(noisy, 1)),
        "two scores": (labels, np.where(noisy > 0.5, 0.7, 0.2)),
        "all scores equal": (labels, np.full(240, 0.3)),
        "scores in reverse": (labels, 1 - noisy),
        "float32 scores": (labels, noisy.astype(np.float32).astype(np.float64)),
        "one true row": ((np.arange(50) == 17).astype(int), rng.uniform(size=50)),
        "two rows": (np.array([0, 1]), np.array([0.4, 0.6])),
        "certain and wrong": (np.array([0, 1, 1, 0]), np.array([1.0, 0.0, 1.0, 0.0])),
    }
    made = []
    for name, (truth, scores) in cases.items():
        # Every block has at least one row; resamples are drawn until both classes are in them.
        blocks = np.arange(len(truth)) % max(2, len(truth) // 8)
        resamples = []
        while len(resamples) < 4:
            counts = rng.multinomial(blocks.max() + 1, [1 / (blocks.max() + 1)] * (blocks.max() + 1))
            weights = counts[blocks]
            if len(set(truth[weights > 0])) == 2:
                resamples.append({"counts": counts.tolist(), "metrics": measure(truth, scores, weights)})
        made.append(
            {
                "name": name,
                "labels": truth.tolist(),
                "scores": scores.tolist(),
                "blocks": blocks.tolist(),
                "metrics": measure(truth, scores),
                "resamples": resamples,
            }
        )
    return made


def make_bootstrap():
    """Rows are their own blocks here: that is what scipy.stats.bootstrap resamples."""
    rng = np.random.default_rng(7)
    rows = 120
    chance = rng.beta(1, 2, size=rows)
    labels = (rng.uniform(size=rows) < chance).astype(int)
    candidate = np.clip(chance + rng.normal(scale=0.05, size=rows), 0.01, 0.99)
    champion = np.clip(chance + rng.normal(scale=0.25, size=rows), 0.01, 0.99)
    # Hesterberg's expanded percentiles.
    tail = stats.norm.cdf(np.sqrt(rows / (rows - 1)) * stats.t.ppf(0.025, rows - 1))
    measures = {
        "auc": roc_auc_score,
        "brier": lambda y, p: np.mean((p - y) ** 2),
        "logLoss": lambda y, p: np.mean(-np.log(np.where(y == 1, p, 1 - p))),
        "accuracy": lambda y, p: np.mean((p > 0.5) == (y == 1)),
    }

    def interval(statistic):
        result = stats.bootstrap(
            (labels, candidate, champion),
            statistic,
            paired=True,
            vectorized=False,
            n_resamples=20_000,
            confidence_level=1 - 2 * tail,
            method="percentile",
            rng=np.random.default_rng(1),
        )
        return [result.confidence_interval.low, result.confidence_interval.high]

    return {
        "labels": labels.tolist(),
        "candidate": candidate.tolist(),
        "champion": champion.tolist(),
        "candidateIntervals": {n: interval(lambda y, p, _, f=f: f(y, p)) for n, f in measures.items()},
        "differenceIntervals": {n: interval(lambda y, p, q, f=f: f(y, p) - f(y, q)) for n, f in measures.items()},
    }


def make_normal():
    points = [-37.0, -20.0, -8.0, -5.0, -3.0001, -3.0, -2.9999, -1.96, -1.0, -0.001, 0.0, 0.5, 1.0, 2.5, 3.5]
    shares = [1e-300, 1e-100, 1e-20, 1e-8, 0.001, 0.025, 0.2, 0.4999, 0.5, 0.6, 0.975, 0.999]
    tails = [
        [confidence, blocks, stats.norm.cdf(np.sqrt(blocks / (blocks - 1)) * stats.t.ppf((1 - confidence) / 2, blocks - 1))]
        for confidence in (0.8, 0.95, 0.99)
        for blocks in (15, 30, 60, 200, 1560, 16384)
    ]
    values = np.random.default_rng(3).normal(size=37)
    levels = [0, 0.01, 0.25, 0.5, 0.775, 0.975, 1]
    return {
        "cdf": [[z, stats.norm.cdf(z)] for z in points],
        "quantile": [[share, stats.norm.ppf(share)] for share in shares],
        "tailShare": tails,
        "values": values.tolist(),
        "quantilesOfValues": [[level, np.quantile(values, level, method="weibull")] for level in levels],
    }


def write(name, content):
    lines = [f'"{key}": {json.dumps(value)}' for key, value in {"madeBy": MADE_BY, **content}.items()]
    (FOLDER / name).write_text("{\n" + ",\n".join(lines) + "\n}\n")


write("metrics.json", {"cases": make_cases()})
write("bootstrap.json", make_bootstrap())
write("normal.json", make_normal())
