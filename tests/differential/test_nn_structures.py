"""Recurrent layers, attention, transformers and containers."""

from __future__ import annotations

import pytest

from .agree import assert_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
import copy, pickle
from collections import OrderedDict
from importlib import import_module

nn = torch.nn
F = nn.functional
R = import_module(torch.__name__ + ".nn.utils.rnn")
torch.manual_seed(0)
a, b, c = torch.randn(5, 3), torch.randn(3, 3), torch.randn(2, 3)
x = torch.randn(4, 2, 3)
e = torch.randn(5, 2, 4)
q = torch.randn(3, 2, 4)
inf = float("inf")


def made(kind, *args, **kw):
    torch.manual_seed(1)
    return getattr(nn, kind)(*args, **kw)


def packed(m, **o):
    p = R.pack_sequence([a, b, c] if not o else [c, a, b], **o)
    out, h = m(p)
    out.data.square().sum().backward()
    return out, h, [t.grad for t in m.parameters()]


def ran(m, *args, **kw):
    torch.manual_seed(2)
    out = m(*args, **kw)
    first = out[0] if isinstance(out, tuple) else out
    first.square().sum().backward()
    return out, [t.grad for t in m.parameters()]


def noisy(m, *args):
    torch.manual_seed(7)
    out = m(*args)
    return out, torch.rand(1)


def mask(*s):
    torch.manual_seed(4)
    return torch.rand(*s) > 0.7


def mha(*args, **kw):
    m = made("MultiheadAttention", 4, 2, **kw.pop("build", {}))
    return ran(m, *args, **kw)


def mod(f, *m):
    l = nn.ModuleList([nn.Linear(1, 1), nn.ReLU(), nn.Tanh()])
    r = f(l)
    return repr(l), repr(r) if isinstance(r, nn.Module) else r


def sq(f, *m):
    l = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Tanh())
    r = f(l)
    return repr(l), repr(r) if isinstance(r, nn.Module) else r, list(l.state_dict())


def md(f):
    l = nn.ModuleDict({"a": nn.ReLU(), "b": nn.Tanh()})
    r = f(l)
    return repr(l), repr(r) if isinstance(r, nn.Module) else r


def pl(f):
    l = nn.ParameterList([nn.Parameter(torch.ones(2)), torch.zeros(1), "text"])
    r = f(l)
    return repr(l), repr(r), [n for n, _ in l.named_parameters()]


def pd(f):
    l = nn.ParameterDict({"a": nn.Parameter(torch.ones(2)), "b": torch.zeros(1), "c": 3})
    r = f(l)
    return repr(l), repr(r), [n for n, _ in l.named_parameters()]


enc = lambda **o: made("TransformerEncoderLayer", 4, 2, 8, **({"dropout": 0.0} | o))
dec = lambda **o: made("TransformerDecoderLayer", 4, 2, 8, **({"dropout": 0.0} | o))
causal = nn.Transformer.generate_square_subsequent_mask
"""

TABLE = """
# recurrent
packed(made('LSTM', 3, 2))
packed(made('GRU', 3, 2, 2, bidirectional=True))
packed(made('RNN', 3, 2, bidirectional=True, nonlinearity='relu'))
packed(made('LSTM', 3, 4, proj_size=2))
packed(made('LSTM', 3, 2), enforce_sorted=False)
packed(made('GRU', 3, 2, 2), enforce_sorted=False)
ran(made('LSTM', 3, 2, 2, bidirectional=True, batch_first=True), x)
ran(made('LSTM', 3, 4, 2, proj_size=2, bidirectional=True), x)
ran(made('GRU', 3, 2, bias=False), x, torch.ones(1, 2, 2))
ran(made('LSTM', 3, 2), x[:, 0])
ran(made('LSTM', 3, 2), x, (torch.ones(1, 2, 2), torch.zeros(1, 2, 2)))
noisy(made('LSTM', 3, 2, 2, dropout=.5), x)
noisy(made('GRU', 3, 2, 3, dropout=.5), x)
noisy(made('RNN', 3, 2, 2, dropout=.5, bidirectional=True), R.pack_sequence([a, b, c]))
made('LSTM', 3, 2, dropout=.5)
made('LSTM', 3, 2, dropout=2)
made('LSTM', 3, 2, proj_size=2)
made('RNN', 3, 2, nonlinearity='x')
made('LSTM', 3, 0)
made('LSTM', 3, 2, 0)
made('LSTM', 3, 2.5)
made('LSTM', 3, 2)(torch.ones(4, 2, 5))
made('LSTM', 3, 2)(torch.ones(4))
made('LSTM', 3, 2)(x, torch.ones(1, 2, 2))
made('LSTM', 3, 2)(x, (torch.ones(1, 3, 2), torch.ones(1, 2, 2)))
made('LSTM', 3, 2)(x, (torch.ones(2, 2), torch.ones(2, 2)))
made('GRU', 3, 2)(x, torch.ones(2, 2, 2))
made('GRU', 3, 2)(x.double())
made('LSTM', 3, 2, 2, bidirectional=True, proj_size=1).state_dict().keys().__len__()
list(made('LSTM', 3, 4, proj_size=1).state_dict())
made('LSTM', 3, 2).all_weights[0][0].shape
made('GRU', 3, 2, 2, batch_first=True, bidirectional=True)
made('LSTM', 3, 2).flatten_parameters(), copy.deepcopy(made('GRU', 3, 2))(x)
made('LSTMCell', 3, 2)(torch.ones(2, 3)), made('LSTMCell', 3, 2)(torch.ones(3))
made('LSTMCell', 3, 2)(torch.ones(2, 4))
made('GRUCell', 3, 2)(torch.ones(2, 3), torch.ones(3, 2))
made('RNNCell', 3, 2)(torch.ones(2, 2, 3))
made('RNNCell', 3, 2, nonlinearity='x')(torch.ones(2, 3))
# attention
mha(q, e, e)
mha(q, e, e, need_weights=False)
mha(q, e, e, average_attn_weights=False)
mha(q, e, e, key_padding_mask=mask(2, 5))
mha(q, e, e, attn_mask=mask(3, 5))
mha(q, e, e, attn_mask=mask(4, 3, 5), key_padding_mask=mask(2, 5))
mha(q, e, e, attn_mask=torch.randn(3, 5), key_padding_mask=mask(2, 5))
mha(e, e, e, attn_mask=causal(5), is_causal=True)
mha(e, e, e, is_causal=True)
mha(e, e, e, attn_mask=causal(5), is_causal=True, need_weights=False)
mha(q[:, 0], e[:, 0], e[:, 0])
mha(q.transpose(0, 1), e.transpose(0, 1), e.transpose(0, 1), build={'batch_first': True})
mha(q, torch.randn(5, 2, 6), torch.randn(5, 2, 3), build={'kdim': 6, 'vdim': 3})
mha(q, e, e, build={'add_bias_kv': True, 'add_zero_attn': True}, key_padding_mask=mask(2, 5))
mha(q, e, e, build={'bias': False})
mha(q, e, e, build={'dropout': .5})
mha(q, e, e, key_padding_mask=mask(3, 5))
mha(q, e, e, attn_mask=mask(2, 5))
mha(q, e, e[:4])
mha(q, e[..., :3], e)
made('MultiheadAttention', 4, 3)
made('MultiheadAttention', 0, 3)
list(made('MultiheadAttention', 4, 2, kdim=3).state_dict()), repr(made('MultiheadAttention', 4, 2))
made('MultiheadAttention', 4, 2).eval()(q, e, e)
F.scaled_dot_product_attention(q, e.transpose(0, 1)[:, :3].reshape(3, 2, 4), q)
# transformers
causal(3), causal(2, dtype=torch.float64)
enc().eval()(e)
enc(batch_first=True).eval()(e, src_key_padding_mask=mask(5, 2))
enc(activation='x')
noisy(enc(dropout=.3), e)
ran(dec(norm_first=True), q, e, tgt_mask=causal(3), memory_mask=mask(3, 5), tgt_is_causal=True)
noisy(dec(dropout=.3), q, e)
ran(nn.TransformerEncoder(enc(), 2), e)
nn.TransformerEncoder(enc(batch_first=True), 2)
nn.TransformerEncoder(enc(batch_first=True), 2).eval()(e, src_key_padding_mask=mask(5, 2))
nn.TransformerEncoder(enc(norm_first=True), 2)
nn.TransformerEncoder(enc(), 1, enable_nested_tensor=True)
ran(nn.TransformerDecoder(dec(), 2, nn.LayerNorm(4)), q, e, tgt_mask=causal(3))
ran(made('Transformer', 4, 2, 1, 1, 8, dropout=0.), e, q)
made('Transformer', 4, 2, 1, 1, 8)(e, q[:, :1])
made('Transformer', 4, 2, 1, 1, 8)(e[..., :3], q[..., :3])
noisy(made('Transformer', 4, 2, 1, 1, 8), e, q)
repr(made('Transformer', 4, 2, 1, 1, 8, norm_first=True, batch_first=True))
# containers
mod(lambda l: l[0]), mod(lambda l: l[-1]), mod(lambda l: l[1:]), mod(lambda l: len(l))
mod(lambda l: l[5])
mod(lambda l: l['a'])
mod(lambda l: l.append(nn.ELU()))
mod(lambda l: l.insert(1, nn.ELU()))
mod(lambda l: l.extend([nn.ELU()]))
mod(lambda l: l.pop(0))
mod(lambda l: l.extend(3))
mod(lambda l: l.append(3))
mod(lambda l: l.__setitem__(0, nn.ELU())), mod(lambda l: l.__setitem__(-1, nn.ELU()))
mod(lambda l: l.__delitem__(0))
mod(lambda l: l.__delitem__(slice(0, 2)))
mod(lambda l: l + [nn.ELU()])
mod(lambda l: l.__iadd__([nn.ELU()]))
mod(lambda l: l.__setitem__(7, nn.ELU()))
mod(lambda l: l(1))
mod(lambda l: nn.ReLU in l), mod(lambda l: sorted(n for n in dir(l) if n.isdigit()))
nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Linear(1, 1)]), nn.ModuleList()
nn.ModuleList([3])
sq(lambda l: l[0])
sq(lambda l: l[1:])
sq(lambda l: l.append(nn.ELU()))
sq(lambda l: l.insert(1, nn.ELU()))
sq(lambda l: l.pop(-1))
sq(lambda l: len(l))
sq(lambda l: l.extend([nn.ELU()]))
sq(lambda l: l + nn.Sequential(nn.ELU()))
sq(lambda l: l * 2)
sq(lambda l: 2 * l)
sq(lambda l: l.__delitem__(1))
sq(lambda l: l + 3)
sq(lambda l: l.append(3))
sq(lambda l: l.insert(9, nn.ELU()))
sq(lambda l: l[7])
sq(lambda l: l.__imul__(2)), sq(lambda l: l.__iadd__(nn.Sequential(nn.ELU())))
nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Tanh())).b, nn.Sequential(OrderedDict(a=nn.ReLU()))
nn.Sequential(3)
nn.Sequential()(torch.ones(2))
md(lambda l: l['a'])
md(lambda l: len(l))
md(lambda l: list(l))
md(lambda l: 'a' in l)
md(lambda l: l.pop('a'))
md(lambda l: l.clear())
md(lambda l: list(l.keys()))
md(lambda l: [k for k, _ in l.items()])
md(lambda l: l.update({'c': nn.ELU()}))
md(lambda l: l.update([('d', nn.ELU())]))
md(lambda l: l.__delitem__('a'))
md(lambda l: l.__setitem__('z', nn.ELU()))
md(lambda l: l['z'])
md(lambda l: l.update(3))
md(lambda l: l.update([3]))
md(lambda l: l.update([(1, 2, 3)]))
md(lambda l: l(1))
md(lambda l: l.__setitem__('z', 3))
md(lambda l: l.__setitem__(3, nn.ELU()))
md(lambda l: l | {})
pl(lambda l: l[0])
pl(lambda l: l[-2])
pl(lambda l: l[1:])
pl(lambda l: len(l))
pl(lambda l: l.append(torch.ones(1)))
pl(lambda l: l.extend([torch.ones(1)]))
pl(lambda l: l.pop())
pl(lambda l: l[9])
pl(lambda l: l.extend(3))
pl(lambda l: l(1))
pl(lambda l: l + [torch.ones(1)]), pl(lambda l: l.__setitem__(0, torch.zeros(1)))
pd(lambda l: l['a'])
pd(lambda l: len(l))
pd(lambda l: list(l))
pd(lambda l: l.pop('a'))
pd(lambda l: l.popitem())
pd(lambda l: l.get('z'))
pd(lambda l: l.setdefault('z', torch.ones(1)))
pd(lambda l: l.fromkeys(['q', 'r'], 1))
pd(lambda l: l.copy())
pd(lambda l: l | {'w': 3})
pd(lambda l: {'w': 3} | l)
pd(lambda l: l.__ior__({'w': 3}))
pd(lambda l: list(reversed(l)))
pd(lambda l: l['zz'])
pd(lambda l: l.update(3))
pd(lambda l: l(1))
pd(lambda l: l.update({'k': torch.ones(1)}))
pd(lambda l: l.update([('k', torch.ones(1))]))
pd(lambda l: l.__delitem__('a'))
pd(lambda l: l.clear())
"""


@pytest.mark.parametrize("source", lines(TABLE))
def test_nn_structures(source: str) -> None:
    assert_agree(source, SETUP)
