"""``torch.utils.data``: the loader and its workers, collation, data sets, samplers."""

from __future__ import annotations

import pytest

from .agree import assert_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
import numpy as np
from collections import namedtuple, OrderedDict, defaultdict
from importlib import import_module

D = import_module(torch.__name__ + ".utils.data")
torch.manual_seed(0)
x, y = torch.arange(20.0).reshape(10, 2), torch.arange(10)
data = D.TensorDataset(x, y)
P = namedtuple("P", "a b")


def g(n=0):
    return torch.Generator().manual_seed(n)


class Map(D.Dataset):
    def __init__(self, n=6):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        w = D.get_worker_info()
        return torch.tensor([i, -1 if w is None else w.id, -1 if w is None else w.num_workers])


class Items(D.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, i):
        return i

    def __getitems__(self, at):
        return [10 * i for i in at]


class Stream(D.IterableDataset):
    def __init__(self, n=7):
        self.n = n

    def __iter__(self):
        w = D.get_worker_info()
        return iter(range(self.n)) if w is None else iter(range(w.id, self.n, w.num_workers))


class Sized(Stream):
    def __len__(self):
        return 3


class Bad(Map):
    def __getitem__(self, i):
        raise KeyError("item %d" % i)


class Noisy(Map):
    def __getitem__(self, i):
        return torch.rand(1)


class Three(Map):
    def __getitem__(self, i):
        import random

        return torch.tensor([torch.rand(()).item(), random.random(), np.random.rand()])


class Bare(D.Dataset):
    pass


def caught(**o):
    try:
        load(Bad(), **o)
    except KeyError as e:
        return str(e).split("Traceback")[0]


def told():
    out = []
    load(Map(2), num_workers=2, worker_init_fn=lambda i: out.append(i))
    return D.get_worker_info()


class Own(Stream):
    def __iter__(self):
        self.n -= 1
        return iter([torch.tensor([self.n])])


class Custom:
    def __init__(self):
        self.memory = 1


def load(d, **o):
    return list(D.DataLoader(d, **o))


def twice(d, **o):
    l = D.DataLoader(d, **o)
    return list(l), list(l)


def attr(name, value, **o):
    l = D.DataLoader(data, **o)
    setattr(l, name, value)


def nexts(l):
    it = iter(l)
    return next(it), next(it), len(it)


def workers(**o):
    return load(Map(), **o)


def infos(seen):
    return seen


def init(**o):
    return load(Map(), worker_init_fn=lambda i: None, **o)


def ends(it):
    try:
        next(it)
    except StopIteration:
        return "stop"
"""

TABLE = """
# the loader
repr(type(D.DataLoader(data))).split('.')[-1]
len(D.DataLoader(data, 3))
len(D.DataLoader(data, 3, drop_last=True))
D.DataLoader(data).batch_size
D.DataLoader(data).num_workers
D.DataLoader(data).drop_last
D.DataLoader(data).timeout
D.DataLoader(data).prefetch_factor
D.DataLoader(data, num_workers=0, prefetch_factor=2)
D.DataLoader(data, num_workers=0, persistent_workers=True)
D.DataLoader(data, timeout=-1)
D.DataLoader(data, num_workers=-1)
D.DataLoader(data, batch_size=0)
D.DataLoader(data, batch_size=-2)
D.DataLoader(data, batch_size=1.5)
D.DataLoader(data, batch_size=None, shuffle=True).batch_size
D.DataLoader(data, batch_size=None, drop_last=True)
D.DataLoader(data, batch_sampler=[[0]], batch_size=2)
D.DataLoader(data, batch_sampler=[[0]], shuffle=True)
D.DataLoader(data, sampler=[0], shuffle=True)
D.DataLoader(Stream(), sampler=[0])
D.DataLoader(Stream(), batch_sampler=[[0]])
D.DataLoader(Stream(), shuffle=True)
D.DataLoader(Stream(), shuffle=False).batch_size
D.DataLoader(data, multiprocessing_context="spawn")
D.DataLoader(data, num_workers=1, multiprocessing_context="nothing")
D.DataLoader(data, num_workers=1, prefetch_factor=-1)
D.DataLoader([]).dataset
D.DataLoader([], shuffle=True)
attr("batch_size", 3)
attr("sampler", [0])
attr("dataset", data)
attr("drop_last", True)
attr("other", 3)
load(data, batch_size=4)
load(data, batch_size=4, shuffle=True)
twice(data, batch_size=5, shuffle=True)
twice(data, batch_size=5, shuffle=True, generator=g(1))
load(data, batch_size=4, shuffle=True, drop_last=True), torch.rand(1)
load(data, batch_sampler=[[0, 1], [5]])
load(data, sampler=[3, 1], batch_size=None)
load(data, batch_size=3, collate_fn=lambda b: len(b))
load(Items(), batch_size=3)
load(Stream(), batch_size=3)
load(Stream(), batch_size=3, drop_last=True)
load(Stream(), batch_size=None)
load(Sized(), batch_size=2)
len(D.DataLoader(Sized(), batch_size=2)), len(D.DataLoader(Sized(), batch_size=None))
len(D.DataLoader(Stream()))
load(Bad())
load(Map(), batch_size=2, pin_memory=False, timeout=0)
nexts(D.DataLoader(data, batch_size=4))
D.DataLoader(Map())[0]
iter(D.DataLoader(Map())) is iter(D.DataLoader(Map())), ends(iter(D.DataLoader([])))
load({1: 2}), load([1, 2, 3], batch_size=2), load("abc", batch_size=2)
load({"a": 2})
# workers
workers(num_workers=2, batch_size=2)
workers(num_workers=1)
workers(num_workers=2, batch_size=4, shuffle=True)
init(num_workers=2, batch_size=3)
load(Stream(), num_workers=2)
load(Stream(), num_workers=2, batch_size=2)
twice(Map(4), num_workers=2, persistent_workers=True)
load(Noisy(), num_workers=2, batch_size=3), torch.rand(1)
load(Noisy(), num_workers=2, batch_size=3, generator=g(3))
load(Three(), num_workers=2, batch_size=2, generator=g(5))
caught(num_workers=2)
told()
load(Own(), num_workers=2)
twice(Noisy(), num_workers=2, persistent_workers=True)
D.get_worker_info()
D.DataLoader(data, num_workers=2).prefetch_factor
# collate
D.default_collate([1, 2])
D.default_collate([1.5, 2])
D.default_collate(['a', 'b'])
D.default_collate([b'a', b'b'])
D.default_collate([True, False])
D.default_collate([torch.ones(2), torch.zeros(2)])
D.default_collate([np.ones(2), np.zeros(2)])
D.default_collate([np.float32(1), np.float32(2)])
D.default_collate([np.int64(3)])
D.default_collate([(1, 2.0), (3, 4.0)])
D.default_collate([[1, 'a'], [2, 'b']])
D.default_collate([P(1, 2), P(3, 4)])
D.default_collate([{'a': 1}, {'a': 2}])
D.default_collate([OrderedDict(a=1)])
D.default_collate([defaultdict(int, a=1)])
D.default_collate([range(2), range(2)])
D.default_collate([None])
D.default_collate([object])
D.default_collate([{1}])
D.default_collate([1, "a"])
D.default_collate([torch.ones(2), torch.ones(3)])
D.default_collate([[1, 2], [1]])
D.default_collate([{"a": 1}, {"b": 1}])
D.default_collate([np.array(["a"])])
D.default_collate([])
D.default_convert(np.ones(2))
D.default_convert([np.ones(1), 'a', 3])
D.default_convert({'a': np.ones(1)})
D.default_convert(P(1, np.ones(1)))
D.default_convert('text')
D.default_convert((1, np.zeros(1)))
# datasets
Bare()[0]
len(Bare())
Bare() + Map()
D.IterableDataset().__iter__()
len(Stream() + Stream(2)) if 0 else list(Stream(2) + Stream(3))
type(Stream() + Stream()).__name__, type(Map() + Map()).__name__
D.ConcatDataset([Map(2), Map(3)])[4]
D.ConcatDataset([Map(2), Map(3)])[-5]
len(D.ConcatDataset([Map(2), Map(3)]))
D.ConcatDataset([Map(2), Map(3)]).cumulative_sizes
D.ConcatDataset([Map(2)])[5]
D.ConcatDataset([Map(2)])[-5]
D.ConcatDataset([])
D.ConcatDataset([Stream()])
list(D.ChainDataset([Stream(2), Stream(1)])), len(D.ChainDataset([Sized(), Sized()]))
list(D.ChainDataset([Map()]))
D.StackDataset(Map(2), Map(2))[1]
D.StackDataset(a=Map(2), b=Map(2))[0]
len(D.StackDataset(Map(2)))
D.StackDataset(Map(2), Map(3))
D.StackDataset(a=Map(2), b=Map(3))
D.StackDataset()
D.StackDataset(Map(2), a=Map(2))
D.StackDataset(Map(3), Map(3)).__getitems__([0, 2])
D.TensorDataset(x, y)[2]
D.TensorDataset(x)[1:3]
len(D.TensorDataset(x))
D.TensorDataset(x).tensors[0] is x
D.TensorDataset(x, y[:3])
D.Subset(Map(), [1, 3])[1]
len(D.Subset(Map(), [1]))
D.Subset(Items(), [1, 2]).__getitems__([0, 1])
D.Subset(Map(), [1, 3])[[0, 1]]
[list(s.indices) for s in D.random_split(range(10), [3, 7])]
[list(s.indices) for s in D.random_split(range(10), [0.33, 0.33, 0.34], generator=g(1))]
D.random_split(range(10), [3, 3])
D.random_split(range(10), [0.5, 0.6])
D.random_split(range(10), [1.5, -0.5])
[list(s.indices) for s in D.random_split(range(3), [0.1, 0.9])]
# samplers
list(D.SequentialSampler(range(3))), len(D.SequentialSampler(range(3)))
list(D.RandomSampler(range(5)))
list(D.RandomSampler(range(5), generator=g(2)))
len(D.RandomSampler(range(5), num_samples=3))
list(D.RandomSampler(range(5), num_samples=3))
list(D.RandomSampler(range(3), True)), list(D.RandomSampler(range(3), True, 50))
D.RandomSampler(range(3), replacement=1)
D.RandomSampler(range(3), num_samples=0)
D.RandomSampler(range(3), num_samples=1.5)
D.RandomSampler([])
list(D.SubsetRandomSampler([4, 5, 6])), len(D.SubsetRandomSampler([4]))
list(D.WeightedRandomSampler([1, 2, 3], 5))
list(D.WeightedRandomSampler([1, 2, 3], 3, False))
list(D.WeightedRandomSampler([1.0, 2.0], 4, generator=g()))
D.WeightedRandomSampler([1], 0)
D.WeightedRandomSampler([1], 1, 3)
D.WeightedRandomSampler([[1]], 1)
D.WeightedRandomSampler([1, 2], 3, False).num_samples
list(D.WeightedRandomSampler([1, 2], 3, False))
list(D.BatchSampler(range(7), 3, False))
list(D.BatchSampler(range(7), 3, True))
len(D.BatchSampler(range(7), 3, False))
D.BatchSampler(range(3), 0, False)
D.BatchSampler(range(3), True, False)
D.BatchSampler(range(3), 2, 1)
D.Sampler().__iter__()
list(D.DistributedSampler(range(7), 2, 0))
list(D.DistributedSampler(range(7), 2, 1))
len(D.DistributedSampler(range(7), 2, 0))
list(D.DistributedSampler(range(7), 2, 1, shuffle=False))
list(D.DistributedSampler(range(7), 2, 1, drop_last=True))
list(D.DistributedSampler(range(2), 3, 2, shuffle=False))
D.DistributedSampler(range(7), 2, 2)
(lambda s: (s.set_epoch(3), list(s)))(D.DistributedSampler(range(7), 2, 0, seed=5))
"""


@pytest.mark.parametrize("source", lines(TABLE))
def test_data_loading(source: str) -> None:
    assert_agree(source, SETUP)
