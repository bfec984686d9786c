"""What one block did under one witness, as data that travels between processes and to disk."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

KEPT = 100_000
"""Elements of one array that are kept; of a larger one every n-th, and the hash of all."""


@dataclass
class Values:
    """An array: its size, the hash of all its bytes, and its elements (of a large one, some)."""

    size: int
    sha256: str
    dtype: str
    data: str

    @classmethod
    def of(cls, array: np.ndarray[Any, Any]) -> Values:
        import numpy as np

        flat = np.ascontiguousarray(array).reshape(-1)
        kept = flat[:: -(-flat.size // KEPT)] if flat.size > KEPT else flat
        return cls(
            size=flat.size,
            sha256=hashlib.sha256(flat.tobytes()).hexdigest()[:16],
            dtype=flat.dtype.str,
            data=base64.b64encode(kept.tobytes()).decode(),
        )

    def array(self) -> np.ndarray[Any, Any]:
        """The kept elements, in one dimension."""
        import numpy as np

        return np.frombuffer(base64.b64decode(self.data), dtype=np.dtype(self.dtype))


@dataclass
class TensorRecord:
    """A tensor at the end of a block. `problem` says why there are no values, if so."""

    dtype: str
    shape: list[int]
    requires_grad: bool = False
    is_leaf: bool = True
    grad_fn: str | None = None
    value: Values | None = None
    grad: TensorRecord | None = None
    problem: str | None = None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> TensorRecord:
        value, grad = data["value"], data["grad"]
        return cls(
            **{
                **data,
                "value": None if value is None else Values(**value),
                "grad": None if grad is None else cls.from_json(grad),
            }
        )


@dataclass
class BlockRecord:
    """What a block printed, warned of, raised and left behind.

    warnings: `Category: message`, each once. exception: `Type: message`. tensors: those bound or
    changed, by name. backwards: one line for each backward pass. pictures: the data of each
    picture that the page draws of this block.
    """

    output: str = ""
    warnings: list[str] = field(default_factory=list)
    exception: str | None = None
    tensors: dict[str, TensorRecord] = field(default_factory=dict)
    backwards: list[str] = field(default_factory=list)
    pictures: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> BlockRecord:
        tensors = {name: TensorRecord.from_json(t) for name, t in data["tensors"].items()}
        return cls(**{**data, "tensors": tensors})

    def shown(self) -> str:
        """What the page shows under the block: the text, then the warnings, then the exception."""
        parts = [self.output.rstrip("\n"), *self.warnings, self.exception or ""]
        return "\n".join(part for part in parts if part)


@dataclass
class Run:
    """One page under one witness: its blocks' records, None for a block that was not run.

    ended: None, or the index of the block at which the process ended early, and the reason.
    date: when it was over.
    """

    records: list[BlockRecord | None]
    ended: tuple[int, str] | None = None
    date: str = ""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Run:
        records = [r if r is None else BlockRecord.from_json(r) for r in data["records"]]
        ended = None if data["ended"] is None else tuple(data["ended"])
        return cls(records, ended, data["date"])
