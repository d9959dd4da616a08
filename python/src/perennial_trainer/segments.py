"""Fits in segments, so that a fit that was stopped goes on from its last checkpoint."""

from __future__ import annotations

import os
from collections.abc import Mapping
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


def fit_in_segments(
    job: Job, estimator: Estimator, parameters: Mapping[str, Any], train: Rows, validation: Rows, report: Report
) -> Begun:
    """
    Fits `checkpointEvery` steps at a time. Each segment goes on from the files of the last one, also when nothing
    happens in between: that is why a fit resumed from any checkpoint gives the bytes that an undisturbed one gives.
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
    with Terminable() as terminable:
        while fit.done < fit.steps:
            terminable.segment_begins()
            fit.grow(min(job.checkpoint_every, fit.steps - fit.done))
            terminable.segment_ends()
            if fit.files:
                folder = write_checkpoint(job.checkpoints, Checkpoint(digest, fit.done, fit.steps, fit.files))
                report.checkpoint(os.path.relpath(folder), fit.done)
                terminable.checkpoint_told()
            _tell(fit, validation, report)
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


def _tell(fit: Fit, validation: Rows, report: Report) -> None:
    report.point(measure(validation.task, validation.label, fit.model().predict(validation)), fit.done)
    report.progress(_progress(fit), f"step {fit.done} of {fit.steps}", fit.done)


def _progress(fit: Fit) -> float:
    return _BEGIN + _SHARE * fit.done / fit.steps
