"""What the engine would have in its store."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from flights import Flights


class Depot:
    """What the engine would have in its store, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def url(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def part(self, file: Path) -> dict[str, Any]:
        content = file.read_bytes()
        (self.folder / file.name).write_bytes(content)
        return {"url": self.url(file.name), "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}

    def order(self, flights: Flights, job: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        content = json.loads(flights.write(**(job or {})).read_text())
        content.pop("data")
        message = {
            "schemaVersion": 1,
            "job": {**content, "output": "output", "checkpoints": "checkpoints"},
            "data": {side: self.part(flights.folder / f"{side}.parquet") for side in ("train", "validation")},
            "environment": {},
            "secrets": {},
            "limits": {},
            "timeoutMs": 60_000,
            "graceMs": 5_000,
            "upload": {name: {"url": self.url(name), "mostBytes": 1 << 29} for name in ("model.onnx", "metrics.json")},
            "report": {"get": self.url("report"), "put": self.url("report")},
            "checkpoints": [{"get": self.url(f"slot-{n}"), "put": self.url(f"slot-{n}")} for n in range(4)],
            **changes,
        }
        file = self.folder.parent / "message.json"
        file.write_text(json.dumps(message))
        return self.part(file)

    def lines(self) -> list[dict[str, Any]]:
        report = self.folder / "report"
        return [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else []

    def write_lines(self, lines: list[dict[str, Any]]) -> None:
        (self.folder / "report").write_text("".join(json.dumps(line) + "\n" for line in lines))
