"""Random number generators with the streams of PyTorch's CPU generator (``torch.random``).

PyTorch's CPU generator is a Mersenne Twister: a stream of 32-bit words, produced 624 at a time.
NumPy's ``RandomState`` is the same engine with the same seeding, so the words are equal, and every
sampler (``ops/samplers.py``) is a function from words to numbers::

    g = Generator().manual_seed(0)
    g.words(2)         # array([2357136044, 2546248239], dtype=uint32)
    g.uniform_53(1)    # the next two words as one double in [0, 1)

Tensors on a GPU are drawn here too and moved there, so a seed means the same numbers everywhere.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from . import backend
from .missing import names_of

if TYPE_CHECKING:
    from .tensor import Tensor

_N = 624  # words in one block of the Mersenne Twister
_DEFAULT_SEED = 67280421310721  # of a new torch.Generator
_LOW_32 = 0xFFFF_FFFF

# The bytes of PyTorch's generator state (CPUGeneratorImpl.cpp, struct CPUGeneratorImplState).
_STATE = np.dtype(
    [
        ("seed", "<u8"), ("left", "<i4"), ("seeded", "<i4"), ("next", "<u8"),
        ("block", "<u8", _N), ("normal_x", "<f8"), ("spare", "<f8"), ("normal_rho", "<f8"),
        ("has_spare", "<i4"), ("padding", "<i4"),
        ("spare_float", "<f4"), ("has_spare_float", "?"), ("padding_end", "V3"),
    ]
)  # fmt: skip


class Generator:
    """A stream of random words (``torch.Generator``).

    The words of the current block lie tempered in `_block`, of which `_next` are used; the engine
    stands at the end of that block.  `spare_normal` is the second half of a Box-Muller pair that
    waits for the next scalar draw, as in PyTorch.
    """

    def __init__(self, device: Any = "cpu") -> None:
        where = backend.device(device)
        if where.type not in ("cpu", "cuda", "meta"):
            raise RuntimeError(f"{where.type.upper()} device type not an accelerator.")
        self.device = backend.with_index(where)
        self._restart(_DEFAULT_SEED)

    def _restart(self, seed: int) -> None:
        self._seed = seed
        self._engine: np.random.RandomState | None = None
        self._block = np.empty(0, np.uint32)
        self._next = 0
        self.spare_normal: float | None = None

    def _running(self) -> np.random.RandomState:
        """The engine; made on first use, since importing ``numpy.random`` takes a while."""
        if self._engine is None:
            self._engine = np.random.RandomState(self._seed & _LOW_32)
        return self._engine

    # ------------------------------------------------------------ seeds and states

    def manual_seed(self, seed: int) -> Generator:
        """Restart the stream from `seed`, an int from -2^63 to 2^64 - 1; returns the generator."""
        if type(seed) is not int:
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        if not -(2**63) <= seed < 2**64:
            raise ValueError("Overflow when unpacking long long")
        self._restart(seed % 2**64)
        return self

    def seed(self) -> int:
        """Restart from a seed taken from the system's entropy; returns it."""
        # 53 bits, so that the seed survives a trip through a double.
        self._restart(int.from_bytes(os.urandom(8), "little") & (2**53 - 1))
        return self._seed

    def initial_seed(self) -> int:
        return self._seed

    def get_state(self) -> Tensor:
        """The state as a uint8 tensor of 5,056 bytes, byte for byte that of PyTorch."""
        from .tensor import wrap

        state = np.zeros((), _STATE)
        state["seed"], state["seeded"], state["next"] = self._seed, 1, self._next
        state["left"] = _N + 1 - self._next if self._block.size else 1
        state["block"] = self._running().get_state(legacy=False)["state"]["key"]
        if self.spare_normal is not None:
            state["spare"], state["has_spare"] = self.spare_normal, 1
        return wrap(np.frombuffer(state.tobytes(), np.uint8).copy())

    def set_state(self, new_state: Tensor) -> Generator:
        """Continue from a state of :meth:`get_state`, of this package or of PyTorch."""
        state = _parse_state(new_state)
        self._restart(int(state["seed"]))
        used, block = int(state["next"]), state["block"].astype(np.uint32)
        if state["has_spare"]:
            self.spare_normal = float(state["spare"])
        engine = self._running()
        if state["left"] == 1 and used == 0:  # seeded and not yet drawn from
            engine.set_state(("MT19937", block, _N, 0, 0.0))
        else:
            engine.set_state(("MT19937", block, 0, 0, 0.0))
            self._block, self._next = self._produce(1), used
        return self

    def clone_state(self) -> Generator:
        """A second generator that continues independently from the same state."""
        return Generator(self.device).set_state(self.get_state())

    def get_offset(self) -> int:
        raise RuntimeError("CPU Generator does not use offset")

    def set_offset(self, offset: int) -> Generator:
        raise RuntimeError("CPU Generator does not use offset")

    def __repr__(self) -> str:
        return f"<torch._C.Generator object at {id(self):#x}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_generator, (self.device, self.get_state())

    # ------------------------------------------------------------ words and uniform numbers

    def _produce(self, blocks: int) -> np.ndarray:
        return self._running().randint(0, 2**32, size=_N * blocks, dtype=np.uint32)

    def words(self, n: int) -> np.ndarray:
        """The next `n` words, uint32; do not write to the result."""
        start, have = self._next, self._block.size - self._next
        if n <= have:
            self._next = start + n
            return self._block[start : start + n]
        blocks = -(-(n - have) // _N)
        fresh = self._produce(blocks)
        result = np.concatenate([self._block[start:], fresh[: n - have]])
        self._block = fresh[-_N:].copy()
        self._next = n - have - _N * (blocks - 1)
        return result

    def words_64(self, n: int) -> np.ndarray:
        """The next `n` pairs of words as uint64, the first word high."""
        pairs = self.words(2 * n).astype(np.uint64).reshape(n, 2)
        return (pairs[:, 0] << np.uint64(32)) | pairs[:, 1]

    def uniform_24(self, n: int) -> np.ndarray:
        """The next `n` words as float32 in [0, 1): the low 24 bits of each."""
        bits = self.words(n) & np.uint32(0xFF_FFFF)
        return bits.astype(np.float32) * np.float32(2**-24)

    def uniform_53(self, n: int) -> np.ndarray:
        """The next `n` pairs of words as float64 in [0, 1): the low 53 bits of each pair."""
        bits = self.words_64(n) & np.uint64(2**53 - 1)
        return bits.astype(np.float64) * 2.0**-53

    def uniform(self) -> float:
        """One number of the stream of :meth:`uniform_53`, cheaply."""
        high, low = self.words(2).tolist()
        return ((high << 32 | low) & (2**53 - 1)) * 2.0**-53


def _rebuild_generator(device: Any, state: Tensor) -> Generator:
    return Generator(device).set_state(state)


def _parse_state(new_state: Any) -> np.ndarray:
    """The fields of a state tensor; raises PyTorch's errors for what is not one."""
    from .tensor import Tensor

    if not isinstance(new_state, Tensor):
        raise TypeError(f"expected a torch.ByteTensor, but got {type(new_state).__name__}")
    data = backend.move(new_state._data, backend.CPU)
    if data.dtype != np.uint8:
        raise TypeError("RNG state must be a torch.ByteTensor")
    if data.size != _STATE.itemsize:
        raise RuntimeError(
            f"Expected a CPUGeneratorImplState of size {_STATE.itemsize} but found the input RNG "
            f"state size to be {data.size}"
        )
    state = np.frombuffer(data.tobytes(), _STATE)[0]
    if not (state["seeded"] and 0 < state["left"] <= _N and state["next"] <= _N):
        raise RuntimeError("Invalid mt19937 state")
    return state


default_generator = Generator()
default_generator.seed()


def manual_seed(seed: int) -> Generator:
    """Seed the default generator; returns it."""
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the default generator from the system's entropy; returns the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed from which the default generator started."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the default generator, a uint8 tensor."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Continue the default generator from `new_state`."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(
    devices: Iterable[Any] | None = None, enabled: bool = True, *_: Any, **__: Any
) -> Iterator[None]:
    """On leaving the block, the default generator continues as if the block had drawn nothing."""
    if not enabled:
        yield
        return
    before = default_generator.get_state()
    try:
        yield
    finally:
        default_generator.set_state(before)


__getattr__ = names_of(__name__)
