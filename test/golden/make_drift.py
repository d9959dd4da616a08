"""Makes drift.json: what SciPy and statsmodels say of two samples, for our own detectors to agree with.

python -m pip install scipy==1.17.1 numpy==2.4.6 statsmodels==0.15.0
python test/golden/make_drift.py
"""

import json
from pathlib import Path

import numpy as np
import scipy
import statsmodels
from scipy import special, stats
from scipy.spatial.distance import jensenshannon
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_effectsize, proportions_ztest

FOLDER = Path(__file__).parent
MADE_BY = f"SciPy {scipy.__version__}, statsmodels {statsmodels.__version__}, NumPy {np.__version__}"


def make_gamma():
    shapes = [0.05, 0.5, 1, 2.5, 5.3, 10, 25, 63, 500]
    factors = [0.01, 0.3, 0.9, 1, 1.1, 2, 5, 20]
    return [[a, a * f, special.gammaincc(a, a * f)] for a in shapes for f in factors]


def psi(p, q):
    p, q = p + 0.5, q + 0.5
    n, m = p.sum(), q.sum()
    index = np.sum((q / m - p / n) * np.log((q / m) / (p / n)))
    return [index, stats.chi2.sf(index / (1 / n + 1 / m), len(p) - 1)]


def make_counts():
    rng = np.random.default_rng(4)
    tables = {
        "four equal bins": ([10, 20, 30, 40], [25, 25, 25, 25]),
        "a bin that is new": ([50, 50, 0], [40, 40, 20]),
        "a bin that is gone": ([500, 500, 100], [300, 290, 0]),
        "no shift": (rng.multinomial(20_000, [0.1] * 10), rng.multinomial(1_000, [0.1] * 10)),
        "a small shift": (rng.multinomial(5_000, [0.2, 0.3, 0.5]), rng.multinomial(5_000, [0.22, 0.31, 0.47])),
        "many rows beside few": (rng.multinomial(1_000_000, [0.05] * 20), rng.multinomial(700, [0.04, 0.06] * 10)),
        "equal": ([100, 200, 300], [100, 200, 300]),
    }
    made = []
    for name, (reference, current) in tables.items():
        p, q = np.array(reference), np.array(current)
        n, m = p.sum(), q.sum()
        distance = jensenshannon(p, q, base=2)
        values = np.arange(len(p))
        steps = stats.ks_2samp(np.repeat(values, p), np.repeat(values, q), method="asymp").statistic
        table = stats.chi2_contingency(np.array([p, q]), correction=False)
        same_weight = np.rint(np.array([p / n, q / m]) * 1e12).astype(np.int64)
        made.append(
            {
                "name": name,
                "reference": p.tolist(),
                "current": q.tolist(),
                "psi": psi(p, q),
                "js": [distance, stats.chi2.sf(8 * distance**2 * np.log(2) / (1 / n + 1 / m), len(p) - 1)],
                "ks": [steps, stats.kstwobign.sf(steps * np.sqrt(n * m / (n + m)))],
                "chi2": [stats.contingency.association(same_weight, method="cramer"), table.pvalue],
            }
        )
    return made


def make_missing():
    made = []
    for missing, rows in [((10, 30), (1000, 1000)), ((0, 12), (50_000, 900)), ((500, 100), (1000, 200)), ((1, 0), (700, 800))]:
        pvalue = proportions_ztest(np.array(missing), np.array(rows))[1]
        size = abs(proportion_effectsize(missing[0] / rows[0], missing[1] / rows[1]))
        made.append({"missing": missing, "rows": rows, "effect": size, "pValue": pvalue})
    return made


def make_false_discovery():
    rng = np.random.default_rng(2)
    sets = [[0.01, 0.04, 0.03, 0.005], [1.0], [0.2, 0.2, 0.2], np.concatenate([rng.uniform(size=30), rng.uniform(size=5) / 1e4]).tolist()]
    return [{"pValues": each, "adjusted": multipletests(each, method="fdr_bh")[1].tolist()} for each in sets]


def sample(values, edges):
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    return {
        "count": len(values),
        "min": values.min(),
        "max": values.max(),
        "mean": values.mean(),
        "deviation": values.std(ddof=1),
        "counts": counts.tolist(),
    }


def edges_of(values):
    """As histogramEdges does it: at quantiles, closer in the tails, in the middle between two values."""
    levels = [0, 0.001, 0.005, 0.01, *np.arange(1, 50) / 50, 0.99, 0.995, 0.999]
    at = np.unique(values[np.floor(np.array(levels) * len(values)).astype(int)])
    low = np.searchsorted(values, at, side="left")
    high = np.searchsorted(values, at, side="right")
    below = [(values[i - 1] + v) / 2 if i > 0 else v - 1e-6 for i, v in zip(low, at)]
    above = [(values[j] + v) / 2 for i, j, v in zip(low, high, at) if j - i >= len(values) / 50 and j < len(values)]
    return np.unique([*below, *above, values[-1] + 1e-6])


def make_samples():
    """Values themselves are too many to keep: histograms of them, and what SciPy says of the values."""
    rng = np.random.default_rng(9)
    pairs = {
        "normal, no shift": (rng.normal(size=20_000), rng.normal(size=5_000)),
        "normal, mean up by 0.3": (rng.normal(size=20_000), rng.normal(size=5_000) + 0.3),
        "normal, twice as wide": (rng.normal(size=20_000), rng.normal(size=5_000) * 2),
        "skewed, ten times as large": (rng.lognormal(size=20_000), rng.lognormal(size=5_000) * 10),
        "half of it zero, now most": (
            np.where(rng.uniform(size=20_000) < 0.5, 0, rng.exponential(size=20_000)),
            np.where(rng.uniform(size=5_000) < 0.8, 0, rng.exponential(size=5_000)),
        ),
        "whole numbers": (rng.poisson(4, size=20_000).astype(float), rng.poisson(5, size=5_000).astype(float)),
        "beyond all that was seen": (rng.uniform(size=20_000), rng.uniform(size=5_000) + 7),
    }
    made = []
    for name, (reference, current) in pairs.items():
        edges = edges_of(np.sort(reference))
        exact = stats.ks_2samp(reference, current, method="asymp")
        made.append(
            {
                "name": name,
                "edges": edges.tolist(),
                "reference": sample(reference, edges),
                "current": sample(current, edges),
                "wasserstein": stats.wasserstein_distance(reference, current) / reference.std(ddof=1),
                "ks": exact.statistic,
                "quantiles": [[q, np.quantile(reference, q)] for q in (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)],
            }
        )
    return made


content = {
    "madeBy": MADE_BY,
    "gamma": make_gamma(),
    "counts": make_counts(),
    "missing": make_missing(),
    "falseDiscovery": make_false_discovery(),
    "samples": make_samples(),
}
lines = [f'"{key}": {json.dumps(value)}' for key, value in content.items()]
(FOLDER / "drift.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
