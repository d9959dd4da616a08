"""A job's folder on this machine, laid out as the job contract wants it."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

from .errors import SecretMissing
from .transfer import Stop, fetch, send, unpack

#: As the engine has them on its own workers.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def lay_out(message: dict[str, Any], folder: Path, resume: dict[str, Any] | None, stop: Stop) -> None:
    """Fetches what the job needs and writes its job.json."""
    data = folder.parent / "data"
    data.mkdir()
    for side in ("train", "validation"):
        fetch(message["data"][side], data / f"{side}.parquet", stop)
    for each in ("output", "checkpoints"):
        (folder / each).mkdir(parents=True)
    job = {**message["job"], "data": {side: str(data / f"{side}.parquet") for side in ("train", "validation")}}
    job["waitForCheckpoints"] = True
    if "code" in message:
        _fetch_folder(message["code"], folder.parent / "code", stop)
        job["code"] = str(folder.parent / "code")
    if resume is not None:
        name = f"checkpoints/step-{resume['step']}"
        _fetch_folder(resume["checkpoint"], folder / name, stop)
        job["resume"] = {"checkpoint": name, "step": resume["step"]}
    (folder / "job.json").write_text(json.dumps(job, indent=2), encoding="utf-8")


def command(message: dict[str, Any], folder: Path) -> list[str]:
    """How the job's program is started."""
    code = folder.parent / "code"
    if "command" in message:
        # Files of the code bundle are named relative to it.
        program = [str(code / each["code"]) if isinstance(each, dict) else each for each in message["command"]]
    elif "entry" in message:
        program = [sys.executable, str(code / message["entry"])]
    else:
        program = [sys.executable, "-m", "perennial_trainer"]
    return [*program, "job.json"]


def environment(message: dict[str, Any], folder: Path) -> dict[str, str]:
    """
    Built from nothing, as on the engine's own workers. A secret is not sent: the order says under which name it is in
    the environment here.
    """
    missing = [name for name in message["secrets"].values() if name not in os.environ]
    if missing:
        raise SecretMissing(f"start the trainer: this machine has no variable {', '.join(missing)} for a secret of it")
    # Where this package was found, for programs that import it; the code's own modules go first.
    places = [str(Path(__file__).parents[2])]
    if "code" in message:
        places.insert(0, str(folder.parent / "code"))
    return {
        "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        **dict.fromkeys(_THREADS, "1"),
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(places),
        **message["environment"],
        **secrets(message),
    }


def secrets(message: dict[str, Any]) -> dict[str, str]:
    """The trainer's secrets by their names, as far as this machine has them."""
    return {name: os.environ[here] for name, here in message["secrets"].items() if here in os.environ}


def hand_back(message: dict[str, Any], folder: Path, stop: Stop) -> dict[str, Any]:
    """Uploads the output; of output that cannot be taken it says why."""
    output = folder / "output"
    if not stat.S_ISDIR(os.lstat(output).st_mode):
        return {"problem": "output/ is not a folder any more"}
    uploads = message["upload"].items()
    problems = [_problem(output / name, upload["mostBytes"]) for name, upload in uploads]
    problem = next(filter(None, problems), None)
    if problem is not None:
        return {"problem": problem}
    return {"files": {name: send(upload["url"], output / name, stop) for name, upload in uploads}}


def _problem(file: Path, most_bytes: int) -> str | None:
    shown = f"output/{file.name}"
    try:
        facts = os.lstat(file)
    except FileNotFoundError:
        return f"there is no {shown}"
    if not stat.S_ISREG(facts.st_mode):
        return f"{shown} is not a regular file"
    if facts.st_size > most_bytes:
        return f"{shown} has {facts.st_size} bytes, and at most {most_bytes} are taken"
    return None


def _fetch_folder(part: dict[str, Any], folder: Path, stop: Stop) -> None:
    tar = folder.parent / f".{folder.name}.tar"
    fetch(part, tar, stop)
    unpack(tar, folder)
    tar.unlink()
