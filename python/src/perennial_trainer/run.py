"""One job from its rows to its output."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from importlib import import_module

import numpy as np

from .begin import keep_state
from .data import Rows, read_rows
from .errors import TrainerError
from .estimators import find_estimator
from .job import Job
from .label import check_something_to_learn
from .measure import measure
from .output import write_output
from .parameters import check_parameters
from .parity import check_parity
from .report import Report
from .segments import fit_in_segments
from .task import Task
from .versions import versions


def run(job: Job, report: Report) -> None:
    """Reads, fits, exports, proves the export right, measures and writes; raises TrainerError at the first problem."""
    estimator = find_estimator(job.estimator)
    parameters = check_parameters(estimator.parameters, job.parameters)
    _import_ahead(estimator.fit_modules)
    clock = _Clock()

    report.progress(0.02, "reading rows")
    train = read_rows(job, job.train, "training")
    validation = read_rows(job, job.validation, "validation")
    check_something_to_learn(job.task, job.label, train.label)
    if parameters["shuffle_labels"]:
        train = _shuffled(train, job.seed)
        report.progress(0.05, "labels are shuffled: a negative control, which a gate must refuse")
    clock.lap("read")

    for module in estimator.fit_modules:
        import_module(module)
    clock.lap("import")

    report.progress(0.1, f"fitting {job.estimator} on {train.count} rows and {len(train.features)} features")
    # While the fit computes outside Python, the modules of the steps after it are imported.
    _import_ahead((*estimator.export_modules, "onnxruntime"))
    begun = fit_in_segments(job, estimator, parameters, train, validation, report)
    model = begun.fit.model()
    clock.lap("fit")

    report.progress(0.8, "exporting to ONNX")
    onnx = model.to_onnx()
    clock.lap("export")

    report.progress(0.9, f"comparing the export with the trained model on {validation.count} rows")
    expected = _checked(job.task, model.predict(validation), validation.count)
    check_parity(onnx, validation, expected, float(train.label.std()))
    clock.lap("check")

    if job.keep_state:
        keep_state(job, estimator, begun)
    write_output(job.output, onnx, measure(job.task, validation.label, expected), versions(estimator.packages))
    report.progress(1, f"done: {clock}")


def _import_ahead(modules: Iterable[str]) -> None:
    """Imports in the background; whatever fails there fails again, and is told, where the module is needed."""

    def load() -> None:
        for module in modules:
            try:
                import_module(module)
            except Exception:
                return

    threading.Thread(target=load, name="imports", daemon=True).start()


def _shuffled(rows: Rows, seed: int) -> Rows:
    return rows.with_label(np.random.default_rng(seed).permutation(rows.label))


def _checked(task: Task, answers: np.ndarray, count: int) -> np.ndarray:
    shape = (count, task.scores) if task.is_multiclass else (count,)
    if answers.shape != shape or not np.isfinite(answers).all():
        raise TrainerError("MODEL.UNUSABLE", "hand over the model: it does not answer with finite numbers for each row")
    return answers


class _Clock:
    """Wall time of each step, in seconds."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self._laps: list[str] = []

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._laps.append(f"{name} {now - self._last:.2f} s")
        self._last = now

    def __str__(self) -> str:
        return ", ".join(self._laps)
