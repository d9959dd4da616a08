from __future__ import annotations

import os
from pathlib import Path

import pytest

# As in a job; before NumPy is imported. Spinning OpenMP threads would make the tests slow on a busy machine.
os.environ["OMP_NUM_THREADS"] = "1"

from depot import Depot  # noqa: E402
from flights import Flights  # noqa: E402


@pytest.fixture
def flights(tmp_path: Path) -> Flights:
    """A small job about late flights, in a folder of its own."""
    return Flights(tmp_path)


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    """Where jobs that are done elsewhere come from, and leave what they make."""
    return Depot(tmp_path / "depot")
