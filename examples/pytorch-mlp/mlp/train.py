"""`python train.py job.json`: a small neural network on Perennial's job contract (python/README.md)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import torch

from network import Network, answers, loss_of
from onnx_export import export
from table import Preparation, Table, read_table

PARAMETERS = {"epochs": 20, "learning_rate": 1e-3, "hidden": 64, "batch": 1024}


def say(**line: Any) -> None:
    print(json.dumps(line), flush=True)


def epoch(network: Network, optimizer: torch.optim.Optimizer, table: Table, job: dict[str, Any], number: int) -> None:
    """One pass over the rows in an order that depends on the seed and the epoch alone: resuming keeps it."""
    order = torch.randperm(len(table.label), generator=torch.Generator().manual_seed(job["seed"] * 100_003 + number))
    for rows in order.split(job["parameters"]["batch"]):
        optimizer.zero_grad()
        loss_of(job["task"], network(table.numbers[rows], table.texts[rows]), table.label[rows]).backward()
        optimizer.step()


def save_checkpoint(job: dict[str, Any], network: Network, optimizer: torch.optim.Optimizer, done: int) -> None:
    """Written under another name, renamed, and only then told."""
    folder = Path(job["checkpoints"]) / f"step-{done}"
    part = folder.with_suffix(".part")
    for old in (folder, part):
        shutil.rmtree(old, ignore_errors=True)
    part.mkdir(parents=True)
    torch.save({"network": network.state_dict(), "optimizer": optimizer.state_dict()}, part / "state.pt")
    os.replace(part, folder)
    say(checkpoint=str(folder), step=done)


def wait_until_stored(job: dict[str, Any], done: int) -> None:
    """The folder goes when it is stored, or cannot be: so a kill costs one interval at most."""
    while job.get("waitForCheckpoints") and (Path(job["checkpoints"]) / f"step-{done}").exists():
        time.sleep(0.005)


def main(path: str) -> None:
    job = json.loads(Path(path).read_text())
    job["parameters"] = {**PARAMETERS, **job["parameters"]}
    job["task"] = job.get("task") or {"kind": "binary"}
    torch.manual_seed(job["seed"])
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.use_deterministic_algorithms(True)

    train, validation = (read_table(job, name) for name in ("train", "validation"))
    preparation = Preparation(job, train)
    rows, held_back = preparation.table(train), preparation.table(validation)
    network = Network(preparation, job["parameters"]["hidden"])
    optimizer = torch.optim.Adam(network.parameters(), lr=job["parameters"]["learning_rate"])

    done, resume = 0, job.get("resume")
    if resume:
        state = torch.load(Path(resume["checkpoint"]) / "state.pt", weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        done = resume["step"]

    ending: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ending.append(number))
    epochs, every = job["parameters"]["epochs"], job.get("checkpointEvery", 0)
    while done < epochs:
        epoch(network, optimizer, rows, job, done)
        done += 1
        if ending or (every and done % every == 0):
            save_checkpoint(job, network, optimizer, done)
        if ending:
            sys.exit(143)
        say(point=metrics(job, network, held_back), step=done)
        say(progress=0.9 * done / epochs, message=f"epoch {done} of {epochs}", step=done)
        if every and done % every == 0 and done < epochs:
            wait_until_stored(job, done)

    output = Path(job["output"])
    model = export(job, preparation, network)
    difference = model.greatest_difference(validation, answers(job["task"], network, preparation, held_back))
    if not difference <= 1e-4 * max(1, abs(preparation.label_mean) / 100, preparation.label_scale):
        say(error={"code": "PARITY.FAILED", "message": f"export: the ONNX model is off by {difference:g}"})
        sys.exit(1)
    (output / "model.onnx").write_bytes(model.content)
    report = {"metrics": metrics(job, network, held_back), "versions": {"torch": torch.__version__}}
    (output / "metrics.json").write_text(json.dumps(report))
    say(progress=1, message="done")


def metrics(job: dict[str, Any], network: Network, table: Table) -> dict[str, float]:
    """Log loss; of numbers the squared error in squared deviations."""
    with torch.no_grad():
        loss = float(loss_of(job["task"], network(table.numbers, table.texts), table.label))
    return {"squaredError" if job["task"]["kind"] == "regression" else "logLoss": loss}


if __name__ == "__main__":
    main(sys.argv[1])
