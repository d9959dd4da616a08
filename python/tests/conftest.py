from __future__ import annotations

from pathlib import Path

import pytest
from flights import Flights


@pytest.fixture
def flights(tmp_path: Path) -> Flights:
    """A small job about late flights, in a folder of its own."""
    return Flights(tmp_path)
