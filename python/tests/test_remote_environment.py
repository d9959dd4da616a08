"""What the code of a job locks is installed where the job is done."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from depot import Depot
from flights import Flights
from wheels import Index

from perennial_trainer import remote
from perennial_trainer.remote.transfer import pack

#: As it was before any test.
_ENVIRONMENT = dict(os.environ)
#: Says where it runs and what it finds there.
LOOKING = """
import importlib.util, json, os, shutil, subprocess, sys
import perennial_trainer
found = {name: importlib.util.find_spec(name) is not None for name in ("tinywheel", "numpy")}
if found["tinywheel"]:
    import tinywheel
    found["tinywheel"] = tinywheel.VERSION
found |= {"python": sys.executable, "of": shutil.which("python"), "where": shutil.which("tinywheel-where")}
json.dump(found, open("output/model.onnx", "w"))
open("output/metrics.json", "w").write('{"metrics": {}}')
"""
MAKING = "making the environment of requirements.lock"
WAITING = "waiting for another job that makes the environment of requirements.lock"


@pytest.fixture
def index() -> Iterator[Index]:
    index = Index()
    yield index
    index.close()


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that knows only this index, has no uv, and an empty cache; its folder of environments."""
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS", "PERENNIAL_FAR_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    places = os.environ["PATH"].split(os.pathsep)
    monkeypatch.setenv("PATH", os.pathsep.join(each for each in places if not (Path(each) / "uv").exists()))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    # Without a retry pip does not say that it could not reach anybody.
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("UV_INDEX_URL", index.url)
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    monkeypatch.setenv("PERENNIAL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "environments"


@pytest.fixture(scope="session")
def uv(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder in which uv is."""
    place = tmp_path_factory.mktemp("uv")
    python = getattr(sys, "_base_executable", sys.executable)
    pip = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*pip, "--target", place, "uv==0.13.9"], check=True, env=_ENVIRONMENT)
    return str(place / "bin")


@pytest.fixture(params=["pip", "uv"])
def installer(request: pytest.FixtureRequest, machine: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name: str = request.param
    if name == "uv":
        _add_to_path(request.getfixturevalue("uv"), monkeypatch)
    return name


def test_a_program_gets_what_the_lock_pins_and_nothing_else_and_it_is_made_once(
    flights: Flights, depot: Depot, index: Index, installer: str
) -> None:
    result = remote.train(_order(flights, depot, index.pin, entry="train.py"))
    assert result["ending"] == {"kind": "exit", "code": 0}, depot.lines()
    assert (result["lock"], result["python"]) == ("a" * 64, platform.python_version())
    found = _found(depot)
    assert (found["tinywheel"], found["numpy"]) == ("1.0", False)
    programs = Path(found["python"]).parent
    assert (found["of"], found["where"]) == (str(programs / "python"), str(programs / "tinywheel-where"))
    assert _messages(depot) == [MAKING]

    wanted = index.wanted
    again = Depot(depot.folder.parent / "again")
    remote.train(_order(flights, again, index.pin, command=["python", {"code": "train.py"}]))
    assert _found(again) == found
    assert (index.wanted, _messages(again)) == (wanted, [])

    # A program that a package brings runs in the environment, too.
    brought = Depot(depot.folder.parent / "brought")
    where = "tinywheel-where output/model.onnx && echo {} > output/metrics.json"
    result = remote.train(_order(flights, brought, index.pin, command=["sh", "-c", where]))
    assert result["ending"] == {"kind": "exit", "code": 0}, brought.lines()
    assert (brought.folder / "model.onnx").read_text().strip().startswith(str(programs / "python"))


def test_where_the_environment_is_the_machine_s_own_nothing_is_installed(
    flights: Flights, depot: Depot, index: Index, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_FAR_ENVIRONMENT", "own")
    result = remote.train(_order(flights, depot, index.pin, entry="train.py"))
    assert result["ending"] == {"kind": "exit", "code": 0}, depot.lines()
    assert not {"lock", "python"} & set(result)
    assert _found(depot)["python"] == sys.executable
    assert not machine.exists()
    monkeypatch.setenv("PERENNIAL_FAR_ENVIRONMENT", "mine")
    with pytest.raises(remote.PackagesMissing, match="PERENNIAL_FAR_ENVIRONMENT='mine', want own"):
        remote.train(_order(flights, depot, index.pin, entry="train.py"))


def test_what_lies_beside_this_package_does_not_hide_what_the_lock_pins(
    flights: Flights, depot: Depot, index: Index, tmp_path: Path
) -> None:
    beside = tmp_path / "beside"
    shutil.copytree(Path(remote.__file__).parents[1], beside / "perennial_trainer")
    (beside / "tinywheel.py").write_text("VERSION = 'another'")
    (beside / "numpy.py").write_text("")
    job = _start(_order(flights, depot, index.pin, entry="train.py"), PYTHONPATH=str(beside))
    assert job.wait() == 0, depot.lines()
    assert (_found(depot)["tinywheel"], _found(depot)["numpy"]) == ("1.0", False)


def test_jobs_that_want_it_at_the_same_time_make_it_once(flights: Flights, depot: Depot, index: Index) -> None:
    index.may.clear()
    depots = [depot, Depot(depot.folder.parent / "other")]
    jobs = [_start(_order(flights, each, index.pin, entry="train.py")) for each in depots]
    try:
        _wait_for(lambda: sorted(_messages(each) for each in depots) == [[MAKING], [WAITING]] and index.wanted > 0)
        index.may.set()
        assert [job.wait() for job in jobs] == [0, 0]
    finally:
        for job in jobs:
            job.kill()
    assert index.wanted == 1
    assert _found(depots[0]) == _found(depots[1])


def test_killed_in_the_middle_it_leaves_nothing_that_is_taken_for_whole(
    flights: Flights, depot: Depot, index: Index, machine: Path, installer: str
) -> None:
    index.may.clear()
    order = _order(flights, depot, index.pin, entry="train.py")
    killed = _start(order)
    try:
        _wait_for(lambda: index.wanted == 1)
    finally:
        killed.kill()
        killed.wait()
    assert _environments(machine) == []
    half = [each for each in machine.iterdir() if each.is_dir()]
    assert len(half) == 1
    # Whoever installed is gone too.
    _wait_for(lambda: not _processes_that_name(half[0]))
    index.may.set()
    result = remote.train(order)
    assert result["ending"] == {"kind": "exit", "code": 0}, depot.lines()
    assert len(_environments(machine)) == 1
    assert [each for each in machine.iterdir() if each.is_dir() and not each.is_symlink()] == [
        _environments(machine)[0].resolve()
    ]


def test_stopped_in_the_middle_it_ends_at_once_and_leaves_nothing(
    flights: Flights, depot: Depot, index: Index, machine: Path, installer: str
) -> None:
    index.may.clear()
    beats: list[dict[str, Any]] = []
    order = _order(flights, depot, index.pin, entry="train.py")
    with pytest.raises(remote.Stopped, match=r"what requirements\.lock pins"):
        remote.train(order, heartbeat=beats.append, cancelled=lambda: index.wanted == 1 and len(beats) > 2)
    # It was waiting for the package, and was not given it.
    assert not index.may.is_set()
    assert [each.name for each in machine.iterdir() if each.suffix != ".lock"] == []


def test_a_package_that_cannot_be_had_is_told_by_name_and_leaves_nothing(
    flights: Flights, depot: Depot, index: Index, machine: Path, installer: str
) -> None:
    with pytest.raises(remote.PackagesMissing, match=r"install what requirements\.lock pins: .*tinywheel==2\.0"):
        remote.train(_order(flights, depot, index.pin.replace("1.0", "2.0"), entry="train.py"))
    wrong = index.pin.replace("sha256:", "sha256:0000")[:-5] + "\n"
    with pytest.raises(remote.PackagesMissing, match=r"(?is)tinywheel.*" + "0000"):
        remote.train(_order(flights, depot, wrong, entry="train.py"))
    assert [each.name for each in machine.iterdir() if each.suffix != ".lock"] == []


def test_an_index_that_cannot_be_reached_is_worth_another_attempt(
    flights: Flights, depot: Depot, index: Index, installer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP_INDEX_URL", "UV_INDEX_URL"):
        monkeypatch.setenv(name, "http://someone:hunter2@127.0.0.1:1/simple")
    with pytest.raises(remote.RemoteError, match="a way to the package index") as caught:
        remote.train(_order(flights, depot, index.pin, entry="train.py"))
    assert caught.type is remote.RemoteError
    assert "hunter2" not in str(caught.value) + json.dumps(depot.lines())


def test_a_uv_lock_wants_uv(
    flights: Flights, depot: Depot, index: Index, uv: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = depot.folder.parent / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        '[project]\nname = "mine"\nversion = "0"\nrequires-python = ">=3.10"\ndependencies = ["tinywheel==1.0"]\n'
    )
    # Our own way to the index, not that of whoever made the lock.
    subprocess.run([f"{uv}/uv", "lock", "--quiet", "--project", project, "--python", sys.executable], check=True)
    files = {each: (project / each).read_text() for each in ("uv.lock", "pyproject.toml")}
    with pytest.raises(remote.PackagesMissing, match="put uv on it"):
        remote.train(_order(flights, depot, files, entry="train.py"))
    _add_to_path(uv, monkeypatch)
    result = remote.train(_order(flights, depot, files, entry="train.py"))
    assert result["ending"] == {"kind": "exit", "code": 0}, depot.lines()
    assert _found(depot)["tinywheel"]


def test_one_whose_interpreter_is_gone_is_made_anew_and_an_unused_one_is_removed(
    flights: Flights, depot: Depot, index: Index, machine: Path
) -> None:
    order = _order(flights, depot, index.pin, entry="train.py")
    remote.train(order)
    [first] = _environments(machine)
    (first / "bin" / "python").unlink()
    assert remote.train(order)["ending"] == {"kind": "exit", "code": 0}, depot.lines()
    [first] = _environments(machine)
    month_ago = time.time() - 31 * 86_400
    os.utime(first.resolve(), (month_ago, month_ago))
    remote.train(_order(flights, depot, index.pin, sha256="b" * 64, entry="train.py"))
    [second] = _environments(machine)
    assert second.name != first.name


def _order(
    flights: Flights, depot: Depot, lock: str | dict[str, str], sha256: str = "a" * 64, **changes: Any
) -> dict[str, Any]:
    files = {"requirements.lock": lock} if isinstance(lock, str) else lock
    code = depot.folder.parent / "code"
    code.mkdir(exist_ok=True)
    for each in code.iterdir():
        each.unlink()
    for name, text in {**files, "train.py": LOOKING}.items():
        (code / name).write_text(text)
    tar = depot.folder.parent / "code.tar"
    pack(code, tar)
    return depot.order(flights, code=depot.part(tar), lock={"file": next(iter(files)), "sha256": sha256}, **changes)


def _start(order: dict[str, Any], **variables: str) -> subprocess.Popen[bytes]:
    own = {"PYTHONPATH": os.pathsep.join(sys.path), "PERENNIAL_ORDER": json.dumps(order)}
    return subprocess.Popen(
        [sys.executable, "-m", "perennial_trainer.remote"],
        env={**os.environ, **own, **variables},
        stdout=subprocess.DEVNULL,
    )


def _found(depot: Depot) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((depot.folder / "model.onnx").read_text())
    return found


def _messages(depot: Depot) -> list[str]:
    return [line["message"] for line in depot.lines() if "message" in line]


def _environments(home: Path) -> list[Path]:
    return [each for each in home.iterdir() if each.is_symlink()]


def _processes_that_name(folder: Path) -> list[str]:
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in each.read_bytes():
                found.append(each.parent.name)
        except OSError:
            pass
    return found


def _add_to_path(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def _wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "nothing came in time"
        time.sleep(0.05)
