"""The space of a search: which dimensions apply beside what was chosen, in the engine's order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Dimension = Mapping[str, Any]
Space = Mapping[str, Dimension]


def order_of(space: Space) -> list[str]:
    """Names of the dimensions, each after those that decide whether it applies."""
    order: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name not in space or name in order or name in path:
            return
        for other in space[name].get("when") or {}:
            visit(other, (*path, name))
        order.append(name)

    for name in sorted(space):
        visit(name, ())
    return order


def choose(space: Space, fixed: Mapping[str, Any], pick: Callable[[str, Dimension], Any]) -> dict[str, Any]:
    """Chooses a value for each dimension that applies, in their order."""
    chosen: dict[str, Any] = {}
    for name in order_of(space):
        if _applies(space[name], {**fixed, **chosen}):
            chosen[name] = pick(name, space[name])
    return chosen


def _applies(dimension: Dimension, chosen: Mapping[str, Any]) -> bool:
    when = dimension.get("when") or {}
    return all(name in chosen and _is_one_of(chosen[name], values) for name, values in when.items())


def _is_one_of(value: Any, values: list[Any]) -> bool:
    # True equals 1 in Python, and is no number in a spec.
    return any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in values)
