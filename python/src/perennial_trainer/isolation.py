"""How the processes of a job are held together, so that none is left when it has ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable

from . import kernel

#: A PID namespace: when its first process ends, the kernel ends all others in it.
NAMESPACE = "namespace"
#: The same without privileges, in a user namespace.
USER_NAMESPACE = "user-namespace"
#: The supervisor adopts orphans, where the kernel can have that, and kills its descendants one by one.
SUBREAPER = "subreaper"
_KILL_LIMIT_SECONDS = 8
#: There is none where the kernel is not Linux.
_PROC = "/proc"


def best_isolation() -> str:
    """The strongest way that works here, tried out."""
    return next((each for each in (NAMESPACE, USER_NAMESPACE) if _works(each)), SUBREAPER)


def fork_supervisor(isolation: str, supervise: Callable[[], None]) -> int:
    """Runs `supervise` in a process that may start those of a job; returns its process id, or that of its parent."""
    if isolation == NAMESPACE:
        return _fork_into_namespace(supervise)
    pid = os.fork()
    if pid == 0:
        with _ending():
            if isolation == USER_NAMESPACE:
                _in_user_namespace(supervise)
            else:
                adopt_orphans()
                supervise()
    return pid


def adopt_orphans() -> None:
    """Where the kernel is not Linux they go to the first of all processes, and only their group is theirs."""
    try:
        kernel.adopt_orphans()
    except OSError:
        pass


def reap(child: int) -> int | None:
    """Takes note of whatever has ended, orphans too; the status of the child when it is among that."""
    found = None
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return found
            if pid == child:
                found = status
    except ChildProcessError:
        return found


def kill_all(isolation: str, group: int) -> None:
    """Called by a supervisor: ends every process of the job, whose first one leads a group, and waits until it is gone."""
    limit = time.monotonic() + _KILL_LIMIT_SECONDS
    while time.monotonic() < limit:
        if isolation == SUBREAPER:
            _kill_descendants()
            _kill(-group)
        else:
            _kill(-1)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


class _ending:
    """Nothing that a forked process raises or returns comes back into the code of its parent."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            os.write(2, f"supervisor: {type(error).__name__}: {error}\n".encode())
        os._exit(error is not None)


def _works(isolation: str) -> bool:
    try:
        pid = fork_supervisor(isolation, kernel.show_own_processes)
        return os.waitpid(pid, 0)[1] == 0
    except OSError:
        return False


def _fork_into_namespace(supervise: Callable[[], None]) -> int:
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        kernel.unshare(kernel.CLONE_NEWPID)
        try:
            pid = os.fork()
            if pid == 0:
                with _ending():
                    os.close(own)
                    supervise()
        finally:
            kernel.join_namespace(own, kernel.CLONE_NEWPID)
    finally:
        os.close(own)
    return pid


def _in_user_namespace(supervise: Callable[[], None]) -> None:
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWPID)
    for file, content in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{file}", "w") as map_file:
            map_file.write(content)
    pid = os.fork()
    if pid == 0:
        with _ending():
            kernel.die_with_parent()
            supervise()
    # The streams of the job are its own: here they would stay open.
    os.closerange(3, 64)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0)


def _kill_descendants() -> None:
    parents = _parents()
    found = {os.getpid()}
    size = 0
    while size != len(found):
        size = len(found)
        found.update(pid for pid, parent in parents.items() if parent in found)
    for pid in found - {os.getpid()}:
        _kill(pid)


def _parents() -> dict[int, int]:
    """The parent of each process of this machine."""
    if not os.path.exists(f"{_PROC}/self/stat"):
        shown = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, check=False).stdout
        return {int(pid): int(parent) for pid, parent in map(bytes.split, shown.splitlines())}
    parents: dict[int, int] = {}
    for name in filter(str.isdigit, os.listdir(_PROC)):
        try:
            with open(f"{_PROC}/{name}/stat", "rb") as stat:
                # The program's name is in brackets and may hold anything; after it: state, parent.
                parents[int(name)] = int(stat.read().rpartition(b")")[2].split()[1])
        except (OSError, IndexError):
            continue
    return parents


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
