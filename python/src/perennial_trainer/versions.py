"""What a model was made with."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib import metadata

from . import __version__


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Versions of these distributions, of what every job uses, and of Python."""
    found = {package: metadata.version(package) for package in (*packages, "onnxruntime", "pyarrow")}
    return {**found, "perennial-trainer": __version__, "python": platform.python_version()}
