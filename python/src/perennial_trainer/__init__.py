"""Trainers of Perennial: one job in (`job.json`), one ONNX model and its metrics out. See README.md for the contract."""

__version__ = "0.1.0"
