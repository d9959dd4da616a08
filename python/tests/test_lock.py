"""The locks install anywhere, and only what was locked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PYTHON = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_every_package_has_hashes_and_no_host_is_named(name: str) -> None:
    lock = (PYTHON / name).read_text()
    assert "://" not in lock and "index" not in lock
    packages = [entry for entry in re.split(r"\n(?=\S)", lock) if entry.strip()]
    assert len(packages) > 5
    for package in packages:
        assert re.match(r"[a-z0-9-]+==\S+ ", package) and "--hash=sha256:" in package, package


def test_protobuf_stays_below_the_version_that_breaks_the_export() -> None:
    version = re.search(r"^protobuf==(\d+)", (PYTHON / "requirements.lock").read_text(), re.MULTILINE)
    assert version and int(version[1]) < 7
