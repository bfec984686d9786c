"""Workers of a ``DataLoader``, which take turns in the process itself.

PyTorch starts a process for each.  Here nothing runs at the same time, but everything a program can
tell workers by is theirs: which batches each one loads, the number and the seed it is told, random
numbers of its own (PyTorch's, Python's and NumPy's), and a copy of the data set.  The copy is
shallow: an attribute that a worker sets stays its own, a list that it changes in place is shared.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import itertools
import random
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...random import get_rng_state, manual_seed, set_rng_state
from .dataset import IterableDataset

__all__ = ["WorkerInfo", "get_worker_info"]


@dataclasses.dataclass
class WorkerInfo:
    """What a worker is told of itself."""

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: Any = None
    worker_method: str | None = "multiprocessing"


_at_work: list[WorkerInfo] = []


def get_worker_info() -> WorkerInfo | None:
    """What the worker that runs is told of itself; None outside of workers."""
    return _at_work[-1] if _at_work else None


class Fetcher:
    """Loads what a sampler asks for: single items, or lists of them to be collated."""

    def __init__(self, dataset: Any, batches: bool, collate: Any, drop_last: bool) -> None:
        self.dataset, self.batches = dataset, batches
        self.collate, self.drop_last = collate, drop_last
        self.stream = iter(dataset) if isinstance(dataset, IterableDataset) else None

    def fetch(self, wanted: Any) -> Any:
        """Raises StopIteration at the end of a stream."""
        if self.stream is not None:
            return self.collate(self._from_stream(wanted))
        if not self.batches:
            return self.collate(self.dataset[wanted])
        several = getattr(self.dataset, "__getitems__", None)
        items = several(wanted) if several else [self.dataset[i] for i in wanted]
        return self.collate(items)

    def _from_stream(self, wanted: Any) -> Any:
        assert self.stream is not None
        if not self.batches:
            return next(self.stream)
        items = list(itertools.islice(self.stream, len(wanted)))
        if not items or (self.drop_last and len(items) < len(wanted)):
            raise StopIteration
        return items


def _random_states() -> tuple[Any, Any, Any]:
    return get_rng_state(), random.getstate(), np.random.get_state()


def _set_random_states(states: tuple[Any, Any, Any]) -> None:
    ours, python, numpy = states
    set_rng_state(ours)
    random.setstate(python)
    np.random.set_state(numpy)


class Worker:
    """One worker: a fetcher with random numbers and a copy of the data set of its own."""

    def __init__(self, number: int, loader: Any, base_seed: int) -> None:
        dataset = copy.copy(loader.dataset)
        self.info = WorkerInfo(number, loader.num_workers, base_seed + number, dataset)
        self.loader = loader
        self.states = _random_states()
        with self._at_work():
            random.seed(self.info.seed)
            manual_seed(self.info.seed)
            entropy = [number, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
            np.random.seed(np.random.SeedSequence(entropy).generate_state(4))
            if loader.worker_init_fn is not None:
                loader.worker_init_fn(number)
        self.begin()

    def begin(self) -> None:
        """Start a pass over the data."""
        with self._at_work():
            self.fetcher: Fetcher | None = self.loader._fetcher(self.info.dataset)

    def fetch(self, wanted: Any) -> Any:
        with self._at_work():
            assert self.fetcher is not None
            return self.fetcher.fetch(wanted)

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        outside = _random_states()
        _set_random_states(self.states)
        _at_work.append(self.info)
        try:
            yield
        except StopIteration:
            raise
        except Exception as error:
            raise _told(error, self.info.id) from None
        finally:
            _at_work.pop()
            self.states = _random_states()
            _set_random_states(outside)


class _Text(str):
    """A message that KeyError shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _told(error: Exception, number: int) -> Exception:
    """The error with where it happened, as PyTorch passes it on from a process."""
    kind: Callable[[str], Exception] = type(error)
    text = "".join(traceback.format_exception(error))
    where = f"in DataLoader worker process {number}"
    message = _Text(f"Caught {type(error).__name__} {where}.\nOriginal {text}")
    try:
        return kind(message)
    except Exception:
        return RuntimeError(message)


class Workers:
    """All workers of one pass: in turn each loads one batch, until its part of a stream ends."""

    def __init__(self, loader: Any, base_seed: int) -> None:
        self.all = [Worker(i, loader, base_seed) for i in range(loader.num_workers)]
        self.turn = itertools.cycle(self.all)
        self.active = set(map(id, self.all))

    def begin(self) -> None:
        """Start another pass with the same workers."""
        for worker in self.all:
            worker.begin()
        self.turn = itertools.cycle(self.all)
        self.active = set(map(id, self.all))

    def fetch(self, wanted: Any) -> Any:
        while self.active:
            worker = next(self.turn)
            if id(worker) not in self.active:
                continue
            try:
                return worker.fetch(wanted)
            except StopIteration:
                self.active.discard(id(worker))
        raise StopIteration
