"""Files over addresses: http(s) of an S3 server, or paths of this machine."""

from __future__ import annotations

import hashlib
import http.client
import os
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from .errors import AddressRefused, Damaged, RemoteError, Stopped

_PIECE = 1 << 20
_TIMEOUT_SECONDS = 60
_ATTEMPTS = 6
_LONGEST_WAIT_SECONDS = 5.0
#: Answers that no repetition changes.
_FINAL = (400, 401, 403, 404, 410)

#: How often bytes that came wrong are asked for again: they may have been spoilt on the way.
_READS_OF_SPOILT = 3

Stop = Callable[[], bool]


class _Spoilt(Exception):
    pass


def never() -> bool:
    return False


def fetch(part: dict[str, Any], file: Path, stop: Stop = never) -> None:
    """Downloads an object and proves that its bytes are the right ones."""

    def once() -> None:
        digest, size = hashlib.sha256(), 0
        with _open(part["url"]) as answer, file.open("wb") as target:
            while piece := answer.read(_PIECE):
                if stop():
                    raise Stopped("stopped while files were fetched")
                digest.update(piece)
                size += len(piece)
                target.write(piece)
        if size != part["bytes"] or digest.hexdigest() != part["sha256"]:
            raise _Spoilt(
                f"fetch {shown(part['url'])}: found {size} bytes with SHA-256 {digest.hexdigest()}, "
                f"want {part['bytes']} bytes with SHA-256 {part['sha256']}"
            )

    _repeat(f"fetch {shown(part['url'])}", once, stop)


def fetch_folder(part: dict[str, Any], folder: Path, stop: Stop) -> None:
    """Fetches a packed folder and unpacks it."""
    tar = folder.parent / f".{folder.name}.tar"
    fetch(part, tar, stop)
    unpack(tar, folder)
    tar.unlink()


def fetch_if_there(url: str) -> bytes:
    """The bytes of an object; none when there is no object."""
    found = b""

    def once() -> None:
        nonlocal found
        try:
            with _open(url) as answer:
                found = answer.read()
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
        except urllib.error.URLError as error:
            if not isinstance(error.reason, FileNotFoundError):
                raise

    _repeat(f"fetch {shown(url)}", once, never)
    return found


def send(url: str, content: bytes | Path, stop: Stop = never) -> dict[str, Any]:
    """Uploads bytes or a file; returns the digest and the size of what was sent."""
    digest = hashlib.sha256()
    size = 0
    if isinstance(content, bytes):
        digest.update(content)
        size = len(content)
    else:
        with content.open("rb") as source:
            while piece := source.read(_PIECE):
                digest.update(piece)
                size += len(piece)
    _repeat(f"upload to {shown(url)}", lambda: _put(url, content, size), stop)
    return {"sha256": digest.hexdigest(), "bytes": size}


def pack(folder: Path, tar: Path) -> None:
    """Packs the regular files of a folder."""
    with tarfile.open(tar, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and not file.is_symlink():
                archive.add(file, str(file.relative_to(folder)), recursive=False)


def unpack(tar: Path, folder: Path) -> None:
    """Unpacks regular files with plain relative paths; anything else in it is an error."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(tar, "r:") as archive:
        for member in archive:
            if member.isdir():
                continue
            path = PurePosixPath(member.name)
            source = archive.extractfile(member) if member.isfile() else None
            if source is None or path.is_absolute() or ".." in path.parts or "\\" in member.name:
                raise RemoteError(f"unpack {tar.name}: found {member.name!r}, want regular files below the folder")
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with source, target.open("xb") as file:
                while piece := source.read(_PIECE):
                    file.write(piece)
            if member.mode & 0o100:
                target.chmod(0o755)


def shown(url: str) -> str:
    """An address for people: what is behind the question mark lets anybody in."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _open(url: str | urllib.request.Request) -> Any:
    return urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS)


def _put(url: str, content: bytes | Path, size: int) -> None:
    parts = urlsplit(url)
    if parts.scheme == "file":
        _write(Path(urllib.request.url2pathname(parts.path)), content)
        return
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    if isinstance(content, bytes):
        request = urllib.request.Request(url, data=content, headers=headers, method="PUT")
        _open(request).close()
    else:
        with content.open("rb") as source:
            request = urllib.request.Request(url, data=source, headers=headers, method="PUT")
            _open(request).close()


def _write(path: Path, content: bytes | Path) -> None:
    """Each object appears whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    try:
        if isinstance(content, bytes):
            part.write_bytes(content)
        else:
            with content.open("rb") as source, part.open("wb") as target:
                while piece := source.read(_PIECE):
                    target.write(piece)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _repeat(what: str, once: Callable[[], None], stop: Stop) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return once()
        except urllib.error.HTTPError as error:
            problem = f"the server answered {error.code} {error.reason}"
            if error.code in _FINAL:
                raise AddressRefused(f"{what}: {problem}") from None
        except _Spoilt as error:
            if attempt == _READS_OF_SPOILT:
                raise Damaged(str(error)) from None
            problem = str(error)
        except urllib.error.URLError as error:
            if isinstance(error.reason, FileNotFoundError):
                raise AddressRefused(f"{what}: there is no such file on this machine") from None
            problem = str(error.reason)
        except (OSError, http.client.HTTPException) as error:
            problem = str(error) or type(error).__name__
        if attempt == _ATTEMPTS:
            # Not the error itself: its text may hold the whole address.
            raise RemoteError(f"{what}: {problem}") from None
        _wait(min(_LONGEST_WAIT_SECONDS, 0.2 * 2**attempt), stop)


def _wait(seconds: float, stop: Stop) -> None:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if stop():
            raise Stopped("stopped while files were moved")
        time.sleep(0.1)
