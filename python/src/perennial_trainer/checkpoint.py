"""A checkpoint: a folder that holds all a fit needs to go on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_ABOUT = "about.json"


@dataclass(frozen=True)
class Checkpoint:
    """Files of a fit, and where it stands."""

    #: Digest of all that decides the fit beside its data: another one cannot go on from here.
    fit: str
    done: int
    #: Steps in all; fewer than the job asks for when the fit stopped by itself.
    steps: int
    files: Mapping[str, bytes]


def fit_digest(**what: Any) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True, default=asdict).encode()).hexdigest()


def write_checkpoint(parent: Path, checkpoint: Checkpoint) -> Path:
    """Writes the folder `step-N`; it appears whole or not at all."""
    folder = parent / f"step-{checkpoint.done}"
    part = parent / f"{folder.name}.part"
    for old in (folder, part):
        shutil.rmtree(old, ignore_errors=True)
    part.mkdir(parents=True)
    about = {
        "fit": checkpoint.fit,
        "done": checkpoint.done,
        "steps": checkpoint.steps,
        "files": sorted(checkpoint.files),
    }
    for name, content in {**checkpoint.files, _ABOUT: json.dumps(about, indent=2).encode()}.items():
        (part / name).write_bytes(content)
    os.replace(part, folder)
    return folder


def read_checkpoint(folder: Path, fit: str) -> Checkpoint | None:
    """The checkpoint, or None where it cannot be read or belongs to another fit: then the fit begins anew."""
    try:
        about = json.loads((folder / _ABOUT).read_bytes())
        if about["fit"] != fit:
            return None
        files = {str(name): (folder / Path(name).name).read_bytes() for name in about["files"]}
        return Checkpoint(fit, int(about["done"]), int(about["steps"]), files)
    except (OSError, ValueError, KeyError, TypeError):
        return None
