"""
What leaves this machine, without the trainer's secrets: the engine does not know their values, so nobody after us could
take them out. The rules are those of the engine's own workers (src/trainers/clean-text.ts and redact.ts).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from .errors import RemoteError

#: Characters of a line that are looked at. More than is shown: a secret is known only as a whole.
LINE_LENGTH = 8192
_HIDDEN = "***"
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
#: Names of the job contract; they stay, whatever a secret is.
_WORDS = frozenset(("progress", "message", "step", "error", "code", "point", "checkpoint"))
#: Nothing of the contract is deeper.
_DEPTH = 3

_KEYWORDS = "password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|authorization"
_PATTERNS = [
    # password=..., "api_key": "...", Authorization: Bearer ...
    (rf"((?:{_KEYWORDS})[\w.-]{{0,40}}[\"']?\s{{0,5}}[:=]\s{{0,5}}[\"']?)(?:bearer\s+)?[^\s\"',;]+", r"\1***", re.I),
    (r"\b(bearer\s+)[\w.~+/=-]{8,}", r"\1***", re.I),
    # The password of a URL.
    (r"(://[^\s:/@]{1,200}:)[^\s@]{1,200}@", r"\1***@", 0),
    # Keys that are known by their form: of AWS and GitHub, and web tokens.
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", _HIDDEN, 0),
    (r"\bgh[pousr]_\w{20,}", _HIDDEN, 0),
    (r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}", _HIDDEN, 0),
]
_LIKE_SECRETS = [(re.compile(pattern, re.ASCII | flags), shown) for pattern, shown, flags in _PATTERNS]


class Redactor:
    """Takes secrets out of texts, once it has learned them."""

    def __init__(self) -> None:
        self._hidden: list[str] = []

    def learn(self, secrets: Iterable[str]) -> None:
        """Values of which none is shown from now on."""
        forms = {form for secret in secrets for form in _forms(secret) if form.strip()}
        # The longest first: one may be part of another.
        self._hidden = sorted(forms, key=len, reverse=True)

    def clean(self, text: str) -> str:
        """What a trainer says, without control characters, secrets, and what looks like one."""
        without = self._whole_line(text) if len(text) < LINE_LENGTH else self._cut_line(text)
        for pattern, shown in _LIKE_SECRETS:
            without = pattern.sub(shown, without)
        return without

    def clean_line(self, content: dict[str, Any]) -> dict[str, Any]:
        """The same for a line of the job contract. Its numbers are measurements, and stay."""
        cleaned: dict[str, Any] = self._clean_value(content, _DEPTH)
        return cleaned

    @contextmanager
    def in_errors(self) -> Iterator[None]:
        """An error that says a secret, or whose causes do, is raised again without it and without them."""
        try:
            yield
        except Exception as error:
            if not any(self._shows_in(each) for each in _chain(error)):
                raise
            kind = type(error) if isinstance(error, RemoteError) else RemoteError
            raise kind(self._whole_line(str(error))) from None

    def _shows_in(self, error: BaseException) -> bool:
        # Without control characters: the engine removes them too, and what they had parted would be whole.
        plain = _CONTROL.sub("", str(error))
        return any(secret in plain for secret in self._hidden)

    def _whole_line(self, text: str) -> str:
        without = _CONTROL.sub("", text)
        for secret in self._hidden:
            without = without.replace(secret, _HIDDEN)
        return without

    def _cut_line(self, text: str) -> str:
        """The end of a line that is too long may be the beginning of a secret."""
        without = self._whole_line(text)
        beginnings = (each[:length] for each in self._hidden for length in range(1, len(each)))
        longest = max((len(each) for each in beginnings if without.endswith(each)), default=0)
        return without[: len(without) - longest]

    def _clean_value(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self.clean(value)
        if not isinstance(value, dict | list):
            return value
        if depth == 0:
            return None
        if isinstance(value, list):
            return [self._clean_value(each, depth - 1) for each in value]
        return {
            key if key in _WORDS else self.clean(key): self._clean_value(each, depth - 1) for key, each in value.items()
        }


def _forms(secret: str) -> Iterator[str]:
    """A secret as it may be printed: whole and line by line, in JSON and in a URL."""
    # As it comes out of what the trainer printed, also when it is not UTF-8.
    whole = os.fsencode(secret).decode(errors="replace")
    for text in (whole, *re.split(r"\r?\n", whole)):
        yield from (text, _CONTROL.sub("", text), quote(text, safe="!~*'()"))
        yield from (json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (False, True))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
