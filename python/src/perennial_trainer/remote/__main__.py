"""
`python -m perennial_trainer.remote`: does the job of the order in PERENNIAL_ORDER (JSON) as a program of its own, such
as the driver of a Ray job. Not an argument: its address lets anybody in who sees it, and command lines are shown. Exits
with 0 when the trainer did, with 1 when it failed, with 143 when it was ended from outside. What the trainer prints
goes to the engine; only its progress is repeated here.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from types import FrameType

from .errors import RemoteError, Stopped
from .training import train

_TERMINATED = 128 + signal.SIGTERM


def main(order: str) -> int:
    asked = False

    def ask(_: int, __: FrameType | None) -> None:
        nonlocal asked
        asked = True

    signal.signal(signal.SIGTERM, ask)
    try:
        result = train(json.loads(order), heartbeat=_say, cancelled=lambda: asked)
    except Stopped as error:
        print(error, file=sys.stderr)
        return _TERMINATED
    except RemoteError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(json.dumps({"ended": result["ending"]}), flush=True)
    return 0 if result["ending"] == {"kind": "exit", "code": 0} and "problem" not in result else 1


_said: dict[str, object] = {}


def _say(progress: dict[str, object]) -> None:
    global _said
    if progress and progress != _said:
        _said = progress
        print(json.dumps(progress), flush=True)


if __name__ == "__main__":
    sys.exit(main(os.environ.pop("PERENNIAL_ORDER")))
