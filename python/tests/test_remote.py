"""Jobs that are done elsewhere, on files of this machine."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import tarfile
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import pytest
from depot import Depot
from flights import Flights

from perennial_trainer import remote
from perennial_trainer.remote.checkpoints import Checkpoints
from perennial_trainer.remote.errors import RemoteError
from perennial_trainer.remote.redact import LINE_LENGTH, Redactor
from perennial_trainer.remote.report import Report
from perennial_trainer.remote.transfer import fetch, pack, send, shown, unpack

#: A trainer that knows nothing of this package: it says where it is, and waits.
WAITING = """
import json, os, signal, subprocess, sys, time
def end(*_):
    os.makedirs("checkpoints/step-2")
    open("checkpoints/step-2/state", "w").write("two")
    print(json.dumps({"checkpoint": "checkpoints/step-2", "step": 2}), flush=True)
    sys.exit(3)
signal.signal(signal.SIGTERM, end)
subprocess.Popen(["sleep", "1000"], start_new_session=True)
print(json.dumps({"progress": 0.5, "message": "waiting"}), flush=True)
while True: time.sleep(1)
"""

#: Prints its secrets in every way that it has, and fails with them.
TALKING = r"""
import json, os, sys, urllib.parse
token, key, pin = os.environ["TOKEN"], os.environ["KEY"], os.environ["PIN"]
print("with", token, "and", pin)
print("parted", token[:6] + "\x1b" + token[6:])
print(key)
print(json.dumps([token, key]), urllib.parse.quote(token, safe=""))
print(json.dumps({"progress": 0.5, "message": "uses " + token, token: {"more": [token]}}))
print(json.dumps({"point": {token: 1.0}, "step": 1}))
print("x" * 4090 + token)
print(token * 300 + "x" * 4500)
os.makedirs("checkpoints/" + pin)
print(json.dumps({"checkpoint": "checkpoints/" + pin, "step": 2}), flush=True)
print(json.dumps({"checkpoint": "checkpoints/none-" + pin, "step": token}), flush=True)
print(json.dumps({"error": {"code": token, "message": "refused " + token + "\n" + key}}), flush=True)
raise ValueError(f"refused {token} and password=of-its-own")
"""
SECRETS = {
    "TOKEN": 't"ök/en \\ of 2026',
    "KEY": "BEGIN\nline-one-of-the-key\nline-two-of-the-key\nEND",
    "PIN": "pin-4711-0815",
}


def test_a_built_in_estimator_gives_the_same_bytes_as_in_its_own_process(flights: Flights, depot: Depot) -> None:
    beats: list[dict[str, Any]] = []
    result = remote.train(depot.order(flights), heartbeat=beats.append)
    assert result["ending"] == {"kind": "exit", "code": 0}, depot.lines()
    assert result["usage"]["cpuSeconds"] > 0
    model = (depot.folder / "model.onnx").read_bytes()
    assert result["files"]["model.onnx"] == {"sha256": hashlib.sha256(model).hexdigest(), "bytes": len(model)}
    assert flights.run().code == 0
    assert flights.model == model
    assert depot.lines()[-1] == {"ended": result}
    assert any(line.get("progress") == 1 for line in depot.lines())
    assert beats


def test_a_trainer_that_fails_is_a_result_with_its_own_words(flights: Flights, depot: Depot) -> None:
    result = remote.train(depot.order(flights, {"estimator": "no-such"}))
    assert result["ending"] == {"kind": "exit", "code": 1}
    assert [line["error"] for line in depot.lines() if "error" in line]


def test_stopped_it_stores_the_last_checkpoint_and_leaves_no_process(flights: Flights, depot: Depot) -> None:
    order = depot.order(flights, command=[sys.executable, "-c", WAITING])
    before = _sleepers()
    with pytest.raises(remote.Stopped):
        remote.train(order, cancelled=lambda: any(line.get("progress") == 0.5 for line in depot.lines()))
    assert _sleepers() == before
    [stored] = [line for line in depot.lines() if "stored" in line]
    assert stored["step"] == 2
    unpack(depot.folder / f"slot-{stored['stored']['slot']}", depot.folder / "unpacked")
    assert (depot.folder / "unpacked" / "state").read_text() == "two"


def test_an_attempt_after_one_that_was_killed_goes_on_from_its_checkpoint(flights: Flights, depot: Depot) -> None:
    job = {"checkpointEvery": 5, "parameters": {"max_iter": 60}}
    undisturbed = Depot(depot.folder.parent / "undisturbed")
    remote.train(undisturbed.order(flights, job))
    order = depot.order(flights, job)
    killed = subprocess.Popen(
        [sys.executable, "-m", "perennial_trainer.remote"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PERENNIAL_ORDER": json.dumps(order)},
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(lambda: any("stored" in line for line in depot.lines()) or killed.poll() is not None)
    finally:
        killed.kill()
        killed.wait()
    reached = max(line["step"] for line in depot.lines() if "stored" in line)
    remote.train(order)
    went_on = [line["log"] for line in depot.lines() if "going on from" in line.get("log", "")]
    assert 0 < reached <= int(went_on[-1].rpartition(" ")[2]) < 60
    assert (depot.folder / "model.onnx").read_bytes() == (undisturbed.folder / "model.onnx").read_bytes()


def test_an_attempt_keeps_the_checkpoint_that_it_goes_on_from_until_its_own_is_told(
    flights: Flights, depot: Depot
) -> None:
    order = depot.order(flights, {"checkpointEvery": 5, "parameters": {"max_iter": 20}})
    remote.train(order)
    lines = depot.lines()
    first, second, *_ = (line for line in lines if "stored" in line)
    # As the first attempt leaves it that is killed after its first checkpoint.
    depot.write_lines(lines[: lines.index(first) + 1])
    remote.train(order)
    assert [line["stored"]["slot"] for line in depot.lines() if "stored" in line][:3] == [0, 1, 2]
    # The place of the newest holds another one, as one of an attempt that nobody waits for any more would.
    depot.write_lines(lines[: lines.index(second) + 1])
    (depot.folder / "slot-1").write_bytes(b"of somebody else")
    remote.train(order)
    logs = [line["log"] for line in depot.lines() if "log" in line]
    assert any(log.startswith("the checkpoint of step 10 is passed over: ") for log in logs)
    assert any(log.endswith("going on from step 5") for log in logs)


def test_a_checkpoint_in_the_folder_of_one_that_waits_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, released = threading.Event(), threading.Event()
    stored: list[tuple[int, list[str]]] = []

    def store(_: Checkpoints, path: Path, step: int) -> None:
        begun.set()
        released.wait(60)
        stored.append((step, os.listdir(path)))

    monkeypatch.setattr(Checkpoints, "_store", store)
    report = Report({"get": (tmp_path / "report").as_uri(), "put": (tmp_path / "report").as_uri()}, Redactor())
    checkpoints = Checkpoints([{"put": ""}], tmp_path, report, None)
    for step, name in ((1, "first"), (2, "same"), (3, "same")):
        (tmp_path / "checkpoints" / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "checkpoints" / name / "state").touch()
        checkpoints.keep(f"checkpoints/{name}", step)
        begun.wait(60)
    released.set()
    checkpoints.close()
    assert stored == [(1, ["state"]), (3, ["state"])]


def test_its_time_is_limited(flights: Flights, depot: Depot) -> None:
    order = depot.order(flights, command=[sys.executable, "-c", "import time; time.sleep(1000)"], timeoutMs=300)
    assert remote.train(order)["ending"] == {"kind": "timeout"}


def test_time_is_limited_of_one_that_has_closed_its_streams(flights: Flights, depot: Depot) -> None:
    closing = "import os, time; os.close(1); os.close(2); time.sleep(1000)"
    order = depot.order(flights, command=[sys.executable, "-c", closing], timeoutMs=1000)
    assert remote.train(order)["ending"] == {"kind": "timeout"}


def test_output_that_is_no_file_is_told_and_not_followed(flights: Flights, depot: Depot) -> None:
    code = "import os; os.symlink('/etc/hostname', 'output/model.onnx')"
    result = remote.train(depot.order(flights, command=[sys.executable, "-c", code]))
    assert result["problem"] == "output/model.onnx is not a regular file"


def test_a_secret_comes_from_this_machine_or_not_at_all(flights: Flights, depot: Depot) -> None:
    code = """
import os
open('output/model.onnx', 'w').write(os.environ['TOKEN'] + os.environ.get('PERENNIAL_OTHER', ''))
open('output/metrics.json', 'w').write('{"metrics": {}}')
"""
    order = depot.order(flights, command=[sys.executable, "-c", code], secrets={"TOKEN": "FAR_TOKEN"})
    with pytest.raises(remote.RemoteError, match="FAR_TOKEN"):
        remote.train(order)
    os.environ |= {"FAR_TOKEN": "from here", "PERENNIAL_OTHER": "of the far worker"}
    try:
        remote.train(order)
    finally:
        del os.environ["FAR_TOKEN"], os.environ["PERENNIAL_OTHER"]
    assert (depot.folder / "model.onnx").read_text() == "from here"
    assert not any("from here" in file.read_text(errors="replace") for file in depot.folder.glob("*.json"))


def test_a_secret_that_a_trainer_prints_does_not_leave_this_machine(
    flights: Flights, depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = _far_secrets(monkeypatch)
    beats: list[dict[str, Any]] = []
    order = depot.order(flights, command=[sys.executable, "-c", TALKING], secrets=secrets)
    result = remote.train(order, heartbeat=beats.append)
    assert result["ending"] == {"kind": "exit", "code": 1}
    lines = depot.lines()
    _holds_no_secret([lines, result, beats])
    log = [line["log"] for line in lines if "log" in line]
    assert {"with *** and ***", "parted ***"} <= set(log)
    assert "ValueError: refused *** and password=***" in log
    assert {"point": {"***": 1.0}, "step": 1} in lines
    assert [line["error"] for line in lines if "error" in line] == [{"code": "***", "message": "refused ******"}]
    assert [line["checkpoint"] for line in lines if "stored" in line] == ["***"]


def test_an_error_that_names_a_secret_is_raised_without_it(
    flights: Flights, depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = _far_secrets(monkeypatch)
    code = depot.folder.parent / "code.tar"
    with tarfile.open(code, "w") as archive:
        archive.addfile(tarfile.TarInfo(f"../{SECRETS['PIN']}"))
    with pytest.raises(remote.RemoteError, match=r"found '\.\./\*\*\*', want regular files") as caught:
        remote.train(depot.order(flights, code=depot.part(code), entry="train.py", secrets=secrets))
    _holds_no_secret("".join(traceback.format_exception(caught.value)))


def test_a_secret_that_is_cut_in_two_is_not_shown_in_part() -> None:
    redactor = Redactor()
    redactor.learn(["0123456789" * 10])
    line = ("0123456789" * 1000)[:LINE_LENGTH]
    assert redactor.clean(line) == "***" * 81


def test_a_short_secret_leaves_the_words_of_the_contract_and_digests_alone(
    flights: Flights, depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAR_LETTER", "e")
    result = remote.train(depot.order(flights, {"checkpointEvery": 5}, secrets={"LETTER": "FAR_LETTER"}))
    assert result["ending"] == {"kind": "exit", "code": 0}, depot.lines()
    model = (depot.folder / "model.onnx").read_bytes()
    assert result["files"]["model.onnx"]["sha256"] == hashlib.sha256(model).hexdigest()
    assert depot.lines()[-1] == {"ended": result}
    assert any(line.get("progress") == 1 for line in depot.lines())
    for line in (line["stored"] for line in depot.lines() if "stored" in line):
        assert len(line["sha256"]) == 64 and "*" not in line["sha256"]


def test_the_program_of_a_code_bundle_finds_its_modules_and_its_job(flights: Flights, depot: Depot) -> None:
    code = depot.folder.parent / "code"
    (code / "deep").mkdir(parents=True)
    (code / "helper.py").write_text("import json, sys\njob = json.load(open(sys.argv[-1]))")
    (code / "deep" / "train.py").write_text(
        "import os, helper, perennial_trainer\n"
        "open('output/model.onnx', 'w').write(helper.job['label'] + ' ' + str(os.path.exists(helper.job['data']['train'])))\n"
        "open('output/metrics.json', 'w').write('{}')"
    )
    pack(code, depot.folder.parent / "code.tar")
    order = depot.order(flights, code=depot.part(depot.folder.parent / "code.tar"), entry="deep/train.py")
    assert remote.train(order)["ending"] == {"kind": "exit", "code": 0}, depot.lines()
    assert (depot.folder / "model.onnx").read_text() == "late True"
    word = {"code": "deep/train.py"}
    order = depot.order(flights, code=depot.part(depot.folder.parent / "code.tar"), command=[sys.executable, word])
    assert remote.train(order)["ending"] == {"kind": "exit", "code": 0}, depot.lines()


def test_bytes_that_are_not_those_of_the_order_are_refused(flights: Flights, depot: Depot) -> None:
    order = depot.order(flights)
    (depot.folder / "train.parquet").write_bytes(b"something else")
    with pytest.raises(remote.RemoteError, match=r"train\.parquet.*want"):
        remote.train(order, cancelled=_after(20))


def test_an_address_is_shown_without_what_lets_people_in(tmp_path: Path) -> None:
    url = "http://127.0.0.1:9/bucket/key?X-Amz-Signature=secret"
    assert shown(url) == "http://127.0.0.1:9/bucket/key"
    with pytest.raises(remote.RemoteError) as caught:
        fetch({"url": url, "sha256": "", "bytes": 0}, tmp_path / "file", _after(2))
    assert "secret" not in str(caught.value)


def test_an_answer_that_is_no_http_is_an_error_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perennial_trainer.remote.transfer._ATTEMPTS", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"no HTTP\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(RemoteError, match="upload to http://127.0.0.1"):
            send(f"http://127.0.0.1:{server.getsockname()[1]}/object", b"bytes")
        thread.join()


def test_a_checkpoint_holds_regular_files_only(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "file").write_text("x")
    (folder / "link").symlink_to("/etc/passwd")
    pack(folder, tmp_path / "tar")
    unpack(tmp_path / "tar", tmp_path / "unpacked")
    assert [str(each.relative_to(tmp_path / "unpacked")) for each in (tmp_path / "unpacked").rglob("*")] == [
        "deep",
        "deep/file",
    ]
    with tarfile.open(tmp_path / "bad", "w") as archive:
        archive.add(folder / "deep" / "file", "../outside")
    with pytest.raises(remote.RemoteError, match="outside"):
        unpack(tmp_path / "bad", tmp_path / "elsewhere")


def _far_secrets(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in SECRETS.items():
        monkeypatch.setenv(f"FAR_{name}", value)
    return {name: f"FAR_{name}" for name in SECRETS}


def _holds_no_secret(said: Any) -> None:
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    parts = ["ök/en", r"\u00f6k", "%C3%B6k", "t%22", "line-one", "line-two", "4711", "of-its-own"]
    assert [part for part in parts if part in text] == []


def _sleepers() -> set[str]:
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if Path(f"/proc/{name}/cmdline").read_bytes() == b"sleep\x001000\x00":
                found.add(name)
        except OSError:
            continue
    return found


def _after(seconds: float) -> Any:
    limit = time.monotonic() + seconds
    return lambda: time.monotonic() > limit


def _wait_for(reached: Any) -> None:
    limit = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < limit
        time.sleep(0.01)
