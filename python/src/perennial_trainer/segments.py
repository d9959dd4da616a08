"""Fits in segments, so that a fit that was stopped goes on from its last checkpoint."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .begin import Begun, begin
from .checkpoint import Checkpoint, fit_digest, read_checkpoint, write_checkpoint
from .data import Rows
from .ending import Terminable
from .estimators import Estimator, Fit, Model
from .job import Job
from .measure import measure
from .report import Report
from .versions import versions

#: The share of a job's progress at which fitting begins, and that which it takes.
_BEGIN, _SHARE = 0.1, 0.7
#: Seconds between two looks at whether a checkpoint is stored, and after which it is said that this takes long.
_LOOK, _LONG = 0.005, 2.0


def fit_in_segments(
    job: Job, estimator: Estimator, parameters: Mapping[str, Any], train: Rows, validation: Rows, report: Report
) -> Begun:
    """
    Fits `checkpointEvery` steps at a time. Each segment goes on from the files of the last one, also when nothing
    happens in between: that is why a fit resumed from any checkpoint gives the bytes that an undisturbed one gives.
    None begins before the checkpoint of the last one is stored: so whenever the process is killed, one segment at most
    has to be done again.
    """
    begun = begin(job, estimator, parameters, train)
    fit = begun.fit
    if begun.message is not None:
        report.progress(_BEGIN, begun.message)
    if job.checkpoint_every == 0:
        fit.grow(fit.steps)
        return begun
    digest = fit_digest(
        estimator=job.estimator,
        task=job.task,
        label=job.label,
        features=job.features,
        parameters=dict(parameters),
        seed=job.seed,
        every=job.checkpoint_every,
        rows=train.count,
        versions=versions(estimator.packages),
        before=begun.before.digest if begun.before else None,
    )
    _resume(job, fit, digest, report)
    with Terminable(job.grace_seconds) as terminable:
        while fit.done < fit.steps:
            terminable.segment_begins()
            fit.grow(min(job.checkpoint_every, fit.steps - fit.done))
            # Before the checkpoint: who goes on from there does not tell it again.
            report.point(measure(validation.task, validation.label, fit.model().predict(validation)), fit.done)
            terminable.segment_ends()
            if fit.files:
                folder = write_checkpoint(job.checkpoints, Checkpoint(digest, fit.done, fit.steps, fit.files))
                report.checkpoint(os.path.relpath(folder), fit.done)
            terminable.segment_told()
            report.progress(_progress(fit), _reached(fit), fit.done)
            if job.wait_for_checkpoints and fit.files and fit.done < fit.steps:
                _wait_until_stored(folder, fit, report)
    return begun


def fit_whole(estimator: Estimator, rows: Rows, parameters: Mapping[str, Any], seed: int) -> Model:
    """The model of one undivided fit."""
    fit = estimator.begin(rows, parameters, seed)
    fit.grow(fit.steps)
    return fit.model()


def _resume(job: Job, fit: Fit, digest: str, report: Report) -> None:
    if job.resume is None:
        return
    found = read_checkpoint(job.resume.folder, digest)
    if found is None:
        report.progress(
            _BEGIN, "beginning anew: the checkpoint is not whole, or of another job or other library versions"
        )
        return
    fit.done, fit.steps, fit.files = found.done, found.steps, found.files
    report.progress(_progress(fit), f"going on after step {fit.done}", fit.done)


def _wait_until_stored(folder: Path, fit: Fit, report: Report) -> None:
    """Or until it cannot be: then the fit goes on as well."""
    long: float | None = time.monotonic() + _LONG
    while os.path.exists(folder):
        if long is not None and time.monotonic() > long:
            report.progress(_progress(fit), f"{_reached(fit)}: waiting until its checkpoint is stored", fit.done)
            long = None
        time.sleep(_LOOK)


def _reached(fit: Fit) -> str:
    return f"step {fit.done} of {fit.steps}"


def _progress(fit: Fit) -> float:
    return _BEGIN + _SHARE * fit.done / fit.steps
