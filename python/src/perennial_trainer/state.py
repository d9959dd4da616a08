"""What a training leaves to the next one: the trees, and what has to be the same to go on from them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from .job import Job

SCHEMA_VERSION = 1
_ABOUT = "about.json"


@dataclass(frozen=True)
class State:
    """A fitted model in the form of its library."""

    #: Rounds of trees in all.
    trees: int
    #: What the trees were fitted on, as JSON: numbers of categories, where the scores begin.
    facts: Mapping[str, Any]
    files: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        content = hashlib.sha256(json.dumps([self.trees, self.facts], sort_keys=True).encode())
        for name in sorted(self.files):
            content.update(f"\0{name}\0{hashlib.sha256(self.files[name]).hexdigest()}".encode())
        return content.hexdigest()


class Misfit(Exception):
    """Why a training cannot go on from the model before, said of it in half a sentence."""


def write_state(job: Job, library: str, state: State, begin: Mapping[str, Any]) -> None:
    """Writes `state` into the output folder; it appears whole or not at all. `begin` says what the fit began with."""
    folder = job.output / "state"
    part = folder.with_name("state.part")
    for old in (folder, part):
        shutil.rmtree(old, ignore_errors=True)
    part.mkdir(parents=True)
    about = {
        "schemaVersion": SCHEMA_VERSION,
        **_basis(job, library),
        "trees": state.trees,
        **begin,
        "facts": state.facts,
        "files": sorted(state.files),
    }
    for name, content in {**state.files, _ABOUT: json.dumps(about, indent=2, sort_keys=True).encode()}.items():
        (part / name).write_bytes(content)
    os.replace(part, folder)


def read_state(job: Job, library: str, folder: Path) -> State:
    """The state in that folder; Misfit where it cannot be read, or another job's model is in it."""
    try:
        about = json.loads((folder / _ABOUT).read_bytes())
        if about["schemaVersion"] != SCHEMA_VERSION:
            raise Misfit("was left by another version of Perennial")
        _check_basis(about, _basis(job, library))
        files = {str(name): (folder / Path(name).name).read_bytes() for name in about["files"]}
        return State(int(about["trees"]), about["facts"], files)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Misfit(f"cannot be read ({type(error).__name__})") from error


def _basis(job: Job, library: str) -> dict[str, Any]:
    return {
        "estimator": job.estimator,
        "library": f"{library} {metadata.version(library)}",
        "task": job.task.kind,
        "classes": list(job.task.classes),
        "label": job.label,
        "features": [asdict(feature) for feature in job.features],
    }


def _check_basis(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for name, want in wanted.items():
        if found[name] == want:
            continue
        if name == "features":
            raise Misfit(_other_features(found[name], want))
        raise Misfit(f"has the {name} {_said(found[name])}, not {_said(want)}")


def _other_features(found: Any, wanted: Any) -> str:
    had, has = ({each["name"]: each["type"] for each in features} for features in (found, wanted))
    changes = [
        *(f"without {name!r}" for name in has if name not in had),
        *(f"with {name!r}" for name in had if name not in has),
        *(f"with {name!r} as {had[name]}" for name in has if name in had and had[name] != has[name]),
    ]
    return f"has other features ({', '.join(changes[:5]) or 'in another order'})"


def _said(value: Any) -> str:
    return ", ".join(value[:10]) or "none" if isinstance(value, list) else str(value)
