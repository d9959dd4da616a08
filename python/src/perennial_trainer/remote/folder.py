"""A job's folder on this machine, laid out as the job contract wants it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from .environment import Python
from .errors import SecretMissing
from .transfer import Stop, fetch, fetch_folder, send

RAY_ADDRESS = "RAY_ADDRESS"
#: As the engine has them on its own workers.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def lay_out(message: dict[str, Any], folder: Path, resume: dict[str, Any] | None, stop: Stop) -> None:
    """Fetches what the job needs, beside the checkpoint that was, and writes its job.json."""
    data = folder.parent / "data"
    data.mkdir()
    for side in ("train", "validation"):
        fetch(message["data"][side], data / f"{side}.parquet", stop)
    for each in ("output", "checkpoints"):
        (folder / each).mkdir(parents=True)
    job = {**message["job"], "data": {side: str(data / f"{side}.parquet") for side in ("train", "validation")}}
    job.update(waitForCheckpoints=True, graceSeconds=message["graceMs"] / 1000)
    if "code" in message:
        fetch_folder(message["code"], folder.parent / "code", stop)
        job["code"] = str(folder.parent / "code")
    if resume is not None:
        name = f"checkpoints/step-{resume['step']}"
        os.rename(folder.parent / "resume", folder / name)
        job["resume"] = {"checkpoint": name, "step": resume["step"]}
    (folder / "job.json").write_text(json.dumps(job, indent=2), encoding="utf-8")


def command(message: dict[str, Any], folder: Path, python: Python) -> list[str]:
    """How the job's program is started."""
    code = folder.parent / "code"
    if "command" in message:
        # Files of the code bundle are named relative to it.
        program = [str(code / each["code"]) if isinstance(each, dict) else each for each in message["command"]]
        program[0] = _of_environment(program[0], python)
    elif "entry" in message:
        program = [python.program, str(code / message["entry"])]
    else:
        program = [python.program, "-m", "perennial_trainer"]
    return [*program, "job.json"]


def _of_environment(word: str, python: Python) -> str:
    """A plain name that the environment of a lock has is its program."""
    if python.bin is None or "/" in word or not os.access(python.bin / word, os.X_OK):
        return word
    return str(python.bin / word)


def environment(message: dict[str, Any], folder: Path, python: Python) -> dict[str, str]:
    """
    Built from nothing, as on the engine's own workers. A secret is not sent: the order says under which name it is in
    the environment here.
    """
    missing = [name for name in message["secrets"].values() if name not in os.environ]
    if missing:
        raise SecretMissing(f"start the trainer: this machine has no variable {', '.join(missing)} for a secret of it")
    # The code's own modules go first.
    places = [*python.own]
    if "code" in message:
        places.insert(0, str(folder.parent / "code"))
    path = os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin")
    return {
        "PATH": path if python.bin is None else f"{python.bin}{os.pathsep}{path}",
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        **dict.fromkeys(_THREADS, "1"),
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(places),
        # Of the driver of a Ray job: how its program finds the cluster.
        **({RAY_ADDRESS: os.environ[RAY_ADDRESS]} if RAY_ADDRESS in os.environ else {}),
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
