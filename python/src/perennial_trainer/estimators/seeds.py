"""Randomness that does not depend on where a fit was stopped."""

from __future__ import annotations

import numpy as np


def segment_seed(seed: int, done: int) -> int:
    """The seed of the segment that begins after so many steps: libraries begin their random numbers anew in each."""
    return int(np.random.SeedSequence([seed, done]).generate_state(1)[0] & 0x7FFFFFFF)
