"""The warm host as the worker uses it: jobs in on a pipe, their words back over a socket."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flights import SOURCES, Flights

from perennial_trainer import isolation

LIMIT = 60


@dataclass
class Heard:
    """All that came from one job."""

    control: list[dict[str, Any]] = field(default_factory=list)
    out: str = ""
    err: str = ""

    @property
    def ended(self) -> dict[str, Any]:
        ended: dict[str, Any] = self.control[-1]["ended"]
        return ended


class Host:
    """A host process and the worker's side of it."""

    def __init__(self, folder: Path, modules: list[str]) -> None:
        self.address = str(folder / "s")
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.address)
        self.server.listen(16)
        self.server.settimeout(LIMIT)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "perennial_trainer.host", self.address, *modules],
            cwd=folder,
            env={"PYTHONPATH": str(SOURCES), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout
        self.said = json.loads(self.process.stdout.readline())

    def send(self, folder: Path, program: dict[str, str], **limits: int) -> None:
        job = {
            "job": "1",
            "folder": str(folder),
            "program": program,
            "arguments": ["job.json"],
            "environment": {"HOME": str(folder), "OMP_NUM_THREADS": "1"},
            "limits": limits,
        }
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"run": job}).encode() + b"\n")
        self.process.stdin.flush()

    def start(self, folder: Path, program: dict[str, str], **limits: int) -> dict[str, socket.socket]:
        """The connections of a job that was started, by their names."""
        self.send(folder, program, **limits)
        found = {}
        for _ in range(3):
            connection = self.server.accept()[0]
            connection.settimeout(LIMIT)
            found[json.loads(read_line(connection))["stream"]] = connection
        return found

    def run(self, folder: Path, program: dict[str, str], **limits: int) -> Heard:
        connections = self.start(folder, program, **limits)
        return Heard(
            [json.loads(line) for line in read_all(connections["control"]).splitlines()],
            read_all(connections["out"]),
            read_all(connections["err"]),
        )

    def script(self, folder: Path, code: str, **limits: int) -> Heard:
        return self.run(folder, file_of(folder, code), **limits)

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        assert self.process.wait(LIMIT) == 0
        self.server.close()


def file_of(folder: Path, code: str) -> dict[str, str]:
    (folder / "main.py").write_text(code)
    return {"file": str(folder / "main.py"), "folder": str(folder)}


def read_line(connection: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        line += connection.recv(1)
    return line


def read_all(connection: socket.socket) -> str:
    heard = b""
    while part := connection.recv(65536):
        heard += part
    return heard.decode()


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def wait_until_gone(*pids: int) -> None:
    limit = time.monotonic() + 10
    while not all(map(gone, pids)):
        assert time.monotonic() < limit, "still there after ten seconds"
        time.sleep(0.01)


@pytest.fixture
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host with little imported: quick to start."""
    found = Host(tmp_path_factory.mktemp("host"), ["json"])
    yield found
    found.close()


def test_the_usual_modules_are_imported_and_leave_no_thread_that_a_fork_would_miss(tmp_path: Path) -> None:
    host = Host(tmp_path, [])
    assert host.said["ready"]["missing"] == []
    tasks = Path(f"/proc/{host.process.pid}/task")
    names = sorted((task / "comm").read_text().strip() for task in tasks.iterdir())
    # That of the allocator which pyarrow brings knows of forks.
    assert [name for name in names if name != "jemalloc_bg_thd"] == names[-1:]
    host.close()


def test_a_built_in_estimator_gives_the_bytes_that_a_process_of_its_own_gives(
    flights: Flights, tmp_path_factory: pytest.TempPathFactory
) -> None:
    models = set()
    host = Host(tmp_path_factory.mktemp("host"), [])
    for threads in (1, 1, 2):
        flights.write(parameters={"max_iter": 20, "threads": threads})
        heard = host.run(flights.folder, {"module": "perennial_trainer"})
        assert heard.ended["code"] == 0, heard
        models.add(flights.model)
    host.close()
    assert flights.run().code == 0
    assert models == {flights.model}


@pytest.mark.parametrize("library", ["lightgbm", "xgboost", "sklearn"])
def test_more_threads_are_used_after_the_fork_and_nothing_hangs(
    library: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    fit = {
        "lightgbm": "import lightgbm; lightgbm.LGBMClassifier(n_estimators=20, n_jobs=0, verbose=-1).fit(x, y)",
        "xgboost": "import xgboost; xgboost.XGBClassifier(n_estimators=20).fit(x, y)",
        "sklearn": "from sklearn.ensemble import HistGradientBoostingClassifier as H; H(max_iter=20).fit(x, y)",
    }[library]
    code = f"""
import os, numpy
from perennial_trainer.threads import use_threads
x = numpy.random.default_rng(1).random((20_000, 10)); y = x[:, 0] > 0.5
for threads in (1, 2):
    use_threads(threads)
    before = len(os.listdir("/proc/self/task"))
    {fit}
    print(len(os.listdir("/proc/self/task")) - before)
"""
    host = Host(tmp_path_factory.mktemp("host"), ["numpy", "threadpoolctl", library])
    heard = host.script(tmp_path, code)
    host.close()
    assert heard.ended.get("code") == 0, heard
    assert heard.out.split() == ["0", "1"]


def test_a_program_that_raises_shows_its_own_frames_only(host: Host, tmp_path: Path) -> None:
    heard = host.script(tmp_path, "def f(): 1 / 0\nf()")
    assert heard.ended["code"] == 1
    assert "ZeroDivisionError" in heard.err and 'main.py", line 1, in f' in heard.err
    assert "perennial_trainer" not in heard.err and "runpy" not in heard.err


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        ("import sys; sys.exit(3)", {"code": 3}),
        ("import sys; sys.exit('no')", {"code": 1}),
        ("import os; os.abort()", {"signal": "SIGABRT"}),
        ("import atexit; atexit.register(lambda: print('at exit'))", {"code": 0}),
        ("from threading import Timer; Timer(0.1, lambda: print('at exit')).start()", {"code": 0}),
    ],
)
def test_the_end_is_told_as_of_any_python_program(
    code: str, ended: dict[str, Any], host: Host, tmp_path: Path
) -> None:
    heard = host.script(tmp_path, code)
    assert ended.items() <= heard.ended.items()
    assert "at exit" in heard.out or "at exit" not in code


@pytest.mark.parametrize("kind", [isolation.NAMESPACE, isolation.USER_NAMESPACE, isolation.SUBREAPER])
def test_each_isolation_ends_daemons_and_counts_what_they_used(kind: str, tmp_path: Path) -> None:
    if kind != isolation.SUBREAPER and not isolation._works(kind):
        pytest.skip(f"the kernel does not allow {kind}")
    told, tells = os.pipe()

    def supervise() -> None:
        # As a supervisor does: a program that leaves a daemon behind, which computes.
        if kind != isolation.SUBREAPER:
            from perennial_trainer.kernel import show_own_processes

            show_own_processes()
        child = os.fork()
        if child == 0:
            if os.fork() == 0:
                os.setsid()
                os.write(tells, b"%d\n" % int(os.readlink("/proc/self")))
                while True:
                    pass
            os._exit(0)
        os.wait()
        time.sleep(0.3)
        isolation.kill_all(kind, child)
        used = os.times()
        os.write(tells, b"%d\n" % (1000 * (used.children_user + used.children_system)))

    pid = isolation.fork_supervisor(kind, supervise)
    os.close(tells)
    assert os.waitpid(pid, 0)[1] == 0
    with os.fdopen(told) as lines:
        daemon, used = (int(line) for line in lines)
    if kind == isolation.SUBREAPER:
        assert gone(daemon)
    assert used >= 50


def test_a_system_that_is_not_linux_has_jobs_too_and_nothing_of_their_group_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(name: str, *_: object) -> None:
        raise OSError(f"{name}: this system has no such call")

    monkeypatch.setattr("perennial_trainer.kernel._call", refuse)
    monkeypatch.setattr(isolation, "_PROC", "/no/such/folder")
    assert isolation.best_isolation() == isolation.SUBREAPER
    told, tells = os.pipe()

    def supervise() -> None:
        child = os.fork()
        if child == 0:
            os.setsid()
            if os.fork() == 0:
                os.write(tells, b"%d\n" % os.getpid())
                time.sleep(600)
            os._exit(0)
        os.waitpid(child, 0)
        isolation.kill_all(isolation.SUBREAPER, child)

    pid = isolation.fork_supervisor(isolation.SUBREAPER, supervise)
    os.close(tells)
    with os.fdopen(told) as lines:
        orphan = int(lines.readline())
    assert os.waitpid(pid, 0)[1] == 0
    wait_until_gone(orphan)


def test_a_signal_that_comes_before_the_program_has_begun_is_not_lost(host: Host, tmp_path: Path) -> None:
    for _ in range(10):
        connections = host.start(tmp_path, file_of(tmp_path, "import time; time.sleep(600)"))
        connections["control"].sendall(b'{"signal": 15}\n')
        assert '"SIGTERM"' in read_all(connections["control"])


def test_a_supervisor_that_cannot_work_is_told_at_once(host: Host, tmp_path: Path) -> None:
    host.server.close()
    os.unlink(host.address)
    host.send(tmp_path, file_of(tmp_path, ""))
    assert host.process.stdout
    assert json.loads(host.process.stdout.readline())["refused"]["job"] == "1"


def test_a_host_leaves_no_folder_behind_when_its_worker_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "host"
    folder.mkdir()
    host = Host(folder, ["json"])
    host.close()
    assert not folder.exists()


def test_a_worker_that_lets_go_of_a_job_ends_it(host: Host, tmp_path: Path) -> None:
    connections = host.start(tmp_path, file_of(tmp_path, "import time; print('on'); time.sleep(600)"))
    supervisor = json.loads(read_line(connections["control"]))["started"]["pid"]
    assert read_line(connections["out"]) == b"on\n"
    connections["control"].close()
    assert read_all(connections["out"]) == ""
    wait_until_gone(supervisor)


def test_jobs_outlive_a_host_that_is_killed(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    host = Host(tmp_path_factory.mktemp("host"), ["json"])
    connections = host.start(tmp_path, file_of(tmp_path, "import time; print('on'); time.sleep(0.5); print('done')"))
    assert read_line(connections["out"]) == b"on\n"
    host.process.send_signal(signal.SIGKILL)
    host.process.wait()
    assert read_all(connections["out"]) == "done\n"
    assert '"code": 0' in read_all(connections["control"])


def test_a_module_that_is_not_there_is_named(tmp_path: Path) -> None:
    host = Host(tmp_path, ["json", "no_such_module"])
    assert "import no_such_module: No module named" in host.said["failed"]
    host.close()


def test_a_memory_limit_below_what_is_imported_is_refused_with_the_figures(host: Host, tmp_path: Path) -> None:
    heard = host.script(tmp_path, "print('never')", memoryBytes=2**20)
    assert json.loads(heard.out)["error"]["code"] == "TRAINER.LIMIT"
    assert "within 1 MiB" in heard.out and "trainer.preload" in heard.out
