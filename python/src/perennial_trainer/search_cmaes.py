"""
What Optuna's CMA-ES notes beside its trials. It pickles its optimizer; in the engine's records that is plain JSON,
so that nothing is ever unpickled that came from outside of this process.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any

_OPTIMIZER = "optimizer"
_GENERATION = "generation"
#: As long as Optuna's database can hold.
_PIECE = 2045


def notes_of(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The notes of a trial that was just suggested."""
    pieces = {key: value for key, value in attributes.items() if f":{_OPTIMIZER}:" in f":{key}"}
    notes = {_GENERATION: {key: value} for key, value in attributes.items() if key.endswith(_GENERATION)}
    if pieces:
        text = "".join(pieces[key] for key in sorted(pieces, key=_number))
        prefix = next(iter(pieces)).rpartition(":")[0]
        # Written by Optuna, in this process, a moment ago.
        notes[_OPTIMIZER] = {prefix: _plain(pickle.loads(bytes.fromhex(text)))}
    return notes


def attributes_of(notes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that Optuna looks for, from notes."""
    attributes: dict[str, Any] = dict(notes.get(_GENERATION, {}))
    for prefix, state in notes.get(_OPTIMIZER, {}).items():
        text = pickle.dumps(_optimizer(state)).hex()
        pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
        attributes.update({f"{prefix}:{number}": piece for number, piece in enumerate(pieces)})
    return attributes


def _number(key: str) -> int:
    return int(key.rpartition(":")[2])


def _plain(optimizer: Any) -> dict[str, Any]:
    """All but the source of random numbers, which is seeded anew for each trial."""
    import numpy as np

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return {"array": value.tolist()}
        return value.item() if isinstance(value, np.generic) else value

    return {name: plain(value) for name, value in vars(optimizer).items() if name != "_rng"}


def _optimizer(state: Mapping[str, Any]) -> Any:
    import numpy as np
    from cmaes import CMA

    optimizer = CMA.__new__(CMA)
    for name, value in state.items():
        setattr(optimizer, name, np.array(value["array"]) if isinstance(value, dict) and "array" in value else value)
    optimizer._rng = np.random.RandomState()
    return optimizer
