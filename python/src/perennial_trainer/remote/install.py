"""Installs what a lock pins into a new environment, with uv where there is one. Wheels only, with hashes."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .errors import PackagesMissing, RemoteError, Stopped
from .process import Program
from .report import Report
from .transfer import Stop

_TICK_SECONDS = 0.1
#: The end of what an installer says.
_LINES = 40
_WORDS_LENGTH = 500
_WHEELS = ["--only-binary", ":all:", "--require-hashes", "-r"]
#: What uv and pip say of a file that is another one, and of an index that they do not reach.
_OTHER_FILE = re.compile(r"hash mismatch|do not match the hashes", re.I)
_UNREACHABLE = re.compile(
    r"failed to (fetch|establish a new connection)|connection (refused|reset|error|broken)|name resolution|dns error"
    r"|tcp connect error|timed out|network is unreachable",
    re.I,
)
_VERDICT = re.compile(r"\s*(error:|×)", re.I)


@dataclass(frozen=True)
class Work:
    """The folder of the job, in which its code is, who hears of it, and whether it is still wanted."""

    place: Path
    report: Report
    stop: Stop


def install(lock: str, folder: Path, work: Work) -> None:
    """Makes the environment of this lock file of the code in an empty folder."""
    scratch = work.place / "packages"
    scratch.mkdir()
    for command in _commands(lock, folder, work.place / "code", scratch):
        _run(command, lock, scratch, work)


def _commands(lock: str, folder: Path, code: Path, scratch: Path) -> Iterator[list[str]]:
    uv = shutil.which("uv")
    python, wanted = str(folder / "bin" / "python"), str(code / lock)
    if uv is None and lock == "uv.lock":
        raise PackagesMissing(
            "install what uv.lock pins: found no uv on the PATH of that machine; put uv on it, or a requirements.lock "
            "beside the uv.lock: uv export --no-emit-project --output-file requirements.lock"
        )
    if uv is None:
        yield [sys.executable, "-I", "-m", "venv", str(folder)]
        quiet = ["--quiet", "--no-input", "--disable-pip-version-check"]
        yield [python, "-I", "-m", "pip", "install", *quiet, *_WHEELS, wanted]
        return
    if lock == "uv.lock":
        wanted = str(scratch / "exported.txt")
        what = ["--frozen", "--no-dev", "--no-emit-project", "--no-header", "--project", str(code)]
        yield [uv, "export", "--quiet", *what, "--python", sys.executable, "--output-file", wanted]
    yield [uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(folder)]
    yield [uv, "pip", "install", "--quiet", "--python", python, *_WHEELS, wanted]


def _run(command: list[str], lock: str, scratch: Path, work: Work) -> None:
    """Under a keeper, so that it ends with this process, however that does."""
    here = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    said: deque[str] = deque(maxlen=_LINES)
    program = Program(scratch, command, {**here, "NO_COLOR": "1", "TMPDIR": str(scratch)}, {})
    try:
        while not program.has_ended:
            line = program.next_line(_TICK_SECONDS)
            if line is not None:
                work.report.log(line[1])
                said.append(work.report.clean(line[1]))
            if work.stop():
                raise Stopped(f"stopped while what {lock} pins was installed")
        if program.ending()["ending"] != {"kind": "exit", "code": 0}:
            raise _failure(lock, list(said))
    finally:
        program.kill()
        # Nobody writes into the environment any more.
        with suppress(RemoteError):
            program.ending()


def _failure(lock: str, said: list[str]) -> RemoteError:
    text = "\n".join(said)
    words = _verdict(said)[:_WORDS_LENGTH] or "the installer ended without a word"
    attempt = f"install what {lock} pins: {words}"
    if _UNREACHABLE.search(text) and not _OTHER_FILE.search(text):
        return RemoteError(
            f"{attempt}; give that machine a way to the package index, or name one: UV_INDEX_URL and PIP_INDEX_URL"
        )
    return PackagesMissing(
        f"{attempt}; make the lock anew with packages that have wheels for that machine, or set "
        "PERENNIAL_FAR_ENVIRONMENT=own there to train with what its own environment has"
    )


def _verdict(said: list[str]) -> str:
    """The last line; of an error that takes several lines, all of them."""
    lines = [line for line in said if line.strip()]
    begins = [at for at, line in enumerate(lines) if _VERDICT.match(line)]
    return " ".join(line.strip() for line in lines[begins[-1] if begins else -1 :])
