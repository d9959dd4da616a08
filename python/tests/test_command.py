"""The program as the engine runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import onnx
import onnxruntime
import pyarrow as pa
from flights import SOURCES, Flights


def test_a_job_leaves_a_model_and_metrics_and_says_how_far_it_is(flights: Flights) -> None:
    done = flights.run()
    assert done.code == 0, done
    progress = [line["progress"] for line in done.lines]
    assert progress == sorted(progress) and progress[-1] == 1
    assert "fit" in done.lines[-1]["message"]
    metrics = flights.metrics["metrics"]
    assert set(metrics) == {"auc", "brier", "logLoss", "accuracy"}
    assert 0.6 < metrics["auc"] < 1
    assert flights.metrics["versions"]["scikit-learn"]


def test_the_model_has_the_signature_of_the_contract(flights: Flights) -> None:
    flights.run()
    model = onnx.load_from_string(flights.model)
    onnx.checker.check_model(model)
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 21), ("ai.onnx.ml", 3)]
    assert model.ir_version == 10
    session = onnxruntime.InferenceSession(flights.model)
    assert [(each.name, each.type, each.shape) for each in session.get_inputs()] == [
        ("distance", "tensor(float)", [None, 1]),
        ("origin", "tensor(string)", [None, 1]),
        ("share late", "tensor(float)", [None, 1]),
        ("night", "tensor(float)", [None, 1]),
    ]
    assert [(each.name, each.type, each.shape) for each in session.get_outputs()] == [
        ("label", "tensor(int64)", [None]),
        ("probabilities", "tensor(float)", [None, 2]),
    ]


def test_the_same_job_gives_the_same_bytes_in_any_process(flights: Flights) -> None:
    models = set()
    for environment in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2"}, {"OMP_NUM_THREADS": "2"}):
        assert flights.run(environment).code == 0
        models.add(flights.model)
    assert len(models) == 1
    flights.run(parameters={"max_iter": 21})
    assert flights.model not in models


def test_shuffled_labels_leave_nothing_to_learn_and_are_announced(flights: Flights) -> None:
    done = flights.run(parameters={"max_iter": 20, "shuffle_labels": True})
    assert done.code == 0
    assert 0.4 < flights.metrics["metrics"]["auc"] < 0.6
    assert any("negative control" in line["message"] for line in done.lines)


def test_what_libraries_print_does_not_disturb_the_report(flights: Flights) -> None:
    code = (
        "import os, sys; from perennial_trainer.report import Report\n"
        "report = Report.on_stdout()\n"
        "os.write(1, b'half a line'); report.progress(0.5, 'on'); print('more')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == '{"progress": 0.5, "message": "on"}\n'
    assert "half a line" in done.stderr and "more" in done.stderr


def test_a_failed_job_ends_with_one_error_line_and_leaves_nothing(flights: Flights) -> None:
    flights.train = flights.train.drop_columns(["late"])
    done = flights.run()
    assert done.code == 1
    assert done.error["code"] == "DATA.COLUMN_MISSING"
    assert "'late'" in done.error["message"] and "training" in done.error["message"]
    assert "Traceback" not in done.log
    assert not (flights.folder / "output").exists()


def test_an_unexpected_error_is_told_with_its_traceback_in_the_log(flights: Flights) -> None:
    (flights.folder / "output").write_text("a file in the way")
    done = flights.run()
    assert done.code == 1
    assert done.error["code"] == "TRAINER.UNEXPECTED"
    assert "FileExistsError" in done.error["message"]
    assert "Traceback" in done.log


def test_no_argument_is_an_error_line_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "perennial_trainer"],
        env={"PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "JOB.INVALID" in done.stdout


def test_wrong_threads_are_refused(flights: Flights) -> None:
    done = flights.run(parameters={"threads": 0})
    assert done.error["code"] == "PARAMETERS.INVALID" and "threads" in done.error["message"]


def test_the_process_ends_when_the_worker_does(flights: Flights) -> None:
    flights.train = pa.concat_tables([flights.train] * 100)
    job = flights.write(parameters={"max_iter": 10_000})
    with subprocess.Popen(
        [sys.executable, "-m", "perennial_trainer", str(job)],
        env={"PYTHONPATH": str(SOURCES), "PERENNIAL_PARENT_PIPE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    ) as process:
        assert process.stdin and process.stdout
        for line in process.stdout:
            if "fitting" in line:
                break
        assert process.poll() is None
        process.stdin.close()
        closed = time.monotonic()
        assert process.wait(timeout=20) == -signal.SIGKILL
        # A second is promised; a busy machine is given more.
        assert time.monotonic() - closed < 5


def test_without_the_variable_a_closed_standard_input_means_nothing(flights: Flights) -> None:
    job = flights.write()
    done = subprocess.run(
        [sys.executable, "-m", "perennial_trainer", str(job)],
        env={"PYTHONPATH": str(SOURCES), "PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
