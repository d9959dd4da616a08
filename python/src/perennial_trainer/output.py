"""What a job leaves behind."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path


def write_output(folder: Path, onnx: bytes, metrics: Mapping[str, float], versions: Mapping[str, str]) -> None:
    """Writes `model.onnx` and then `metrics.json`; each appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "model.onnx", onnx)
    content = {"metrics": dict(metrics), "versions": dict(versions)}
    _write(folder / "metrics.json", json.dumps(content, indent=2, sort_keys=True, allow_nan=False).encode())


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    os.replace(part, path)
