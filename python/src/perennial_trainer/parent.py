"""Ends this process when the worker that started it is gone."""

from __future__ import annotations

import os
import signal
import threading


def end_with_parent() -> None:
    """
    With PERENNIAL_PARENT_PIPE=1 in the environment, standard input is a pipe that the worker holds and never writes to:
    when it closes, the worker is dead, nobody will take the model, and this process ends itself.
    """
    if os.environ.get("PERENNIAL_PARENT_PIPE") == "1":
        threading.Thread(target=_wait_and_end, name="parent", daemon=True).start()


def _wait_and_end() -> None:
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    if os.getpgrp() == os.getpid():
        # The group is ours: what was started from here goes too.
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)
