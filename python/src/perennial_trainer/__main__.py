"""`python -m perennial_trainer job.json`: runs one job and exits with 0 (done) or 1 (failed, and said why)."""

from __future__ import annotations

import sys
import traceback

from .ending import leave
from .errors import TrainerError
from .job import read_job
from .parent import end_with_parent
from .report import Report
from .threads import limit_threads


def main(arguments: list[str]) -> int:
    """Runs the job that the one argument names; every failure ends as one error line of the contract."""
    report = Report.on_stdout()
    try:
        if len(arguments) != 1:
            raise TrainerError("JOB.INVALID", f"start: got {len(arguments)} arguments, want one, a job.json")
        job = read_job(arguments[0])
        limit_threads(job)
        # Only now: NumPy and scikit-learn read the number of threads when they are imported.
        from .run import run

        run(job, report)
        return 0
    except TrainerError as error:
        report.error(error.code, str(error))
    except MemoryError:
        report.error("TRAINER.MEMORY", "train: the machine has not enough memory for this many rows and columns")
    except Exception as error:
        traceback.print_exc()
        report.error("TRAINER.UNEXPECTED", f"train: {type(error).__name__}: {error}")
    return 1


if __name__ == "__main__":
    end_with_parent()
    leave(main(sys.argv[1:]))
