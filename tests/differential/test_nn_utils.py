"""``nn.utils``: parametrisations, pruning, norms, clipping, packed sequences; ``nn.init``."""

from __future__ import annotations

import pytest

from .agree import assert_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
import copy, pickle
from importlib import import_module

nn = torch.nn
U = nn.utils
P = import_module(torch.__name__ + ".nn.utils.parametrize")
PZ = import_module(torch.__name__ + ".nn.utils.parametrizations")
PR = import_module(torch.__name__ + ".nn.utils.prune")
R = import_module(torch.__name__ + ".nn.utils.rnn")
ST = import_module(torch.__name__ + ".nn.utils.stateless")
torch.manual_seed(0)
x = torch.randn(4, 3)


class Sym(nn.Module):
    def forward(self, X):
        return X.triu() + X.triu(1).T


class Inv(nn.Module):
    def forward(self, X):
        return X * 2

    def right_inverse(self, A):
        return A / 2


class Two(nn.Module):
    def forward(self, a, b):
        return a + b

    def right_inverse(self, w):
        return w * 0.25, w * 0.75


class BadShape(nn.Module):
    def forward(self, X):
        return X[:1]


class BadType(nn.Module):
    def forward(self, X):
        return X.double()


class NotT(nn.Module):
    def forward(self, X):
        return 3


def lin(a=3, b=3):
    torch.manual_seed(1)
    return nn.Linear(a, b)


def keys(m):
    return (
        list(m.state_dict()),
        [n for n, _ in m.named_parameters()],
        [n for n, _ in m.named_buffers()],
    )


def para(m, name, p, **o):
    P.register_parametrization(m, name, p, **o)
    return m


def grads(m, *a):
    out = m(*a)
    out = out[0] if isinstance(out, tuple) else out
    out.square().sum().backward()
    return out.detach(), [(n, p.grad) for n, p in m.named_parameters()]


def removed(m, name, leave=True):
    P.remove_parametrizations(m, name, leave_parametrized=leave)
    return repr(m), type(m).__name__, keys(m), m.weight


def cached():
    m = para(lin(), "weight", Sym())
    with P.cached():
        return m.weight is m.weight


def pruned(f):
    m = lin()
    f(m)
    return keys(m), m.weight, m.weight_mask, m(x).detach()


def seq():
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))


def pg(norm=2.0, mx=1.0, **o):
    ps = [torch.ones(2, 2, requires_grad=True), torch.ones(3, requires_grad=True)]
    for i, p in enumerate(ps):
        p.grad = torch.full_like(p, 3.0 + i)
    r = U.clip_grad_norm_(ps, mx, norm, **o)
    return r, [p.grad for p in ps]


def bad():
    p = torch.ones(2, requires_grad=True)
    p.grad = torch.tensor([float("nan"), 1.0])
    return U.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)


def cv():
    p = torch.ones(2, requires_grad=True)
    p.grad = torch.tensor([-5.0, 0.2])
    U.clip_grad_value_(p, 0.5)
    return p.grad


a, b, c = torch.ones(3, 2), torch.ones(2, 2) * 2, torch.ones(1, 2) * 3


def un(ps):
    return R.unpack_sequence(ps)


def pk(**o):
    return R.pack_padded_sequence(torch.arange(12.0).reshape(3, 4), **o)


def p2v():
    m = lin()
    v = U.parameters_to_vector(m.parameters())
    U.vector_to_parameters(v * 0 + 1, m.parameters())
    return v.shape, m.weight


def fuse(**o):
    torch.manual_seed(5)
    conv, bn = nn.Conv2d(2, 3, 2, bias=o.pop("bias", True)), nn.BatchNorm2d(3)
    bn.running_mean.fill_(0.5)
    bn.running_var.fill_(2.0)
    bn.weight.data.fill_(1.5)
    conv.eval()
    bn.eval()
    y = torch.randn(1, 2, 4, 4)
    f = U.fuse_conv_bn_eval(conv, bn)
    return (f(y) - bn(conv(y))).abs().max().item() < 1e-5, f.weight, f.bias


def fl():
    torch.manual_seed(5)
    l, bn = nn.Linear(3, 2).eval(), nn.BatchNorm1d(2).eval()
    return U.fuse_linear_bn_eval(l, bn)(x).detach()
"""

TABLE = """
# parametrize
repr(para(lin(), 'weight', Sym()))
keys(para(lin(), 'weight', Sym())), type(para(lin(), 'weight', Sym())).__name__
grads(para(lin(), 'weight', Sym()), x)
grads(para(lin(), 'weight', Two()), x)
keys(para(lin(), 'weight', Two()))
para(para(lin(), 'weight', Sym()), 'weight', Inv()).weight
keys(para(para(lin(), 'weight', Sym()), 'weight', Inv()))
repr(para(para(lin(), 'weight', Sym()), 'bias', Inv()))
para(lin(), 'weight', BadShape())
para(lin(), 'weight', BadType())
para(lin(), 'weight', NotT())
para(lin(), 'weight', BadShape(), unsafe=True).weight
para(lin(), 'nothing', Sym())
para(lin(), 'weight', nn.Linear(2, 2))
P.is_parametrized(lin())
P.is_parametrized(para(lin(), 'weight', Sym()))
P.is_parametrized(para(lin(), 'weight', Sym()), 'bias')
removed(para(lin(), 'weight', Sym()), 'weight')
removed(para(lin(), 'weight', Inv()), 'weight', False)
removed(para(lin(), 'weight', Two()), 'weight', False)
removed(lin(), 'weight')
removed(para(lin(), 'weight', Sym()), 'bias')
cached()
copy.deepcopy(para(lin(), 'weight', Inv())).weight
pickle.dumps(para(lin(), 'weight', Inv()))
P.type_before_parametrizations(para(lin(), 'weight', Sym())).__name__
P.transfer_parametrizations_and_params(para(lin(), 'weight', Inv()), lin()).weight
setattr(para(lin(), 'weight', Inv()), 'weight', torch.ones(3, 3))
setattr(para(lin(), 'weight', Sym()), 'weight', torch.ones(3, 3))
delattr(para(lin(), 'weight', Sym()), 'weight')
# parametrizations
repr(PZ.weight_norm(lin())), keys(PZ.weight_norm(lin()))
grads(PZ.weight_norm(lin()), x)
grads(PZ.weight_norm(lin(), dim=None), x)
grads(PZ.weight_norm(lin(), dim=1), x)
repr(PZ.spectral_norm(lin())), keys(PZ.spectral_norm(lin()))
grads(PZ.spectral_norm(lin()), x)
PZ.spectral_norm(lin()).eval()(x)
PZ.spectral_norm(nn.ConvTranspose2d(2, 3, 2)).weight
PZ.spectral_norm(lin(), n_power_iterations=0)
PZ.spectral_norm(lin(), 'nothing')
PZ.orthogonal(lin()).weight, keys(PZ.orthogonal(lin()))
PZ.orthogonal(lin(), orthogonal_map='cayley').weight
PZ.orthogonal(lin(), orthogonal_map='householder').weight
PZ.orthogonal(lin(2, 4), orthogonal_map='matrix_exp').weight
repr(PZ.orthogonal(lin()))
PZ.orthogonal(lin(), orthogonal_map='other')
PZ.orthogonal(nn.BatchNorm1d(2))
# the older hooks
repr(U.weight_norm(lin())), keys(U.weight_norm(lin()))
grads(U.weight_norm(lin()), x)
U.remove_weight_norm(U.weight_norm(lin())).weight
U.remove_weight_norm(lin())
U.weight_norm(U.weight_norm(lin()))
keys(U.spectral_norm(lin())), U.spectral_norm(lin())(x)
grads(U.spectral_norm(lin()), x)
U.remove_spectral_norm(U.spectral_norm(lin())).weight
U.remove_spectral_norm(lin())
# prune
pruned(lambda m: PR.l1_unstructured(m, 'weight', 0.4))
pruned(lambda m: PR.l1_unstructured(m, 'weight', 3))
pruned(lambda m: PR.random_unstructured(m, 'weight', 0.5))
pruned(lambda m: PR.random_structured(m, 'weight', 1, dim=0))
pruned(lambda m: PR.ln_structured(m, 'weight', 0.5, n=2, dim=1))
pruned(lambda m: PR.ln_structured(m, 'weight', 1, n=float('inf'), dim=-1))
pruned(lambda m: PR.identity(m, 'weight'))
pruned(lambda m: PR.custom_from_mask(m, 'weight', torch.eye(3)))
pruned(lambda m: (PR.l1_unstructured(m, 'weight', 2), PR.random_unstructured(m, 'weight', 2)))
pruned(lambda m: PR.l1_unstructured(m, 'weight', 1.5))
pruned(lambda m: PR.l1_unstructured(m, 'weight', 100))
pruned(lambda m: PR.l1_unstructured(m, 'weight', -1))
pruned(lambda m: PR.l1_unstructured(m, 'weight', 'a'))
pruned(lambda m: PR.l1_unstructured(m, 'nothing', 1))
pruned(lambda m: PR.ln_structured(m, 'weight', 1, 2, 5))
pruned(lambda m: PR.random_structured(m, 'bias', 1, 0))
PR.is_pruned(lin()), PR.is_pruned(PR.identity(lin(), 'bias'))
keys(PR.remove(PR.l1_unstructured(lin(), 'weight', 2), 'weight'))
PR.remove(lin(), 'weight')
[type(h).__name__ for h in PR.identity(lin(), 'weight')._forward_pre_hooks.values()]
PR.global_unstructured(3, pruning_method=PR.L1Unstructured, amount=0.3)
PR.global_unstructured([(seq()[0], 'weight')], pruning_method=PR.LnStructured, amount=0.3)
copy.deepcopy(PR.l1_unstructured(lin(), 'weight', 0.4)).state_dict()
# clip
pg()
pg(float('inf'))
pg(1)
pg(0.)
pg(2., 100.)
pg(foreach=False)
pg(foreach=True)
bad()
cv()
U.clip_grad_norm_([], 1.)
U.clip_grad_norm_(torch.ones(2), 1.)
U.get_total_norm([torch.ones(2), torch.ones(3)])
U.clip_grads_with_norm_([torch.ones(2, requires_grad=True)], 1., torch.tensor(2.))
p2v()
U.vector_to_parameters([1], [])
# sequences
R.pad_sequence([a, b, c]), R.pad_sequence([a, b, c], batch_first=True, padding_value=-1.)
R.pad_sequence([a, b], padding_side='left', batch_first=True)
R.pad_sequence(a)
R.pad_sequence(3)
R.pack_sequence([a, b, c])
repr(R.pack_sequence([a, b, c]))
R.pack_sequence([c, a, b], enforce_sorted=False)
R.pack_sequence([c, a])
un(R.pack_sequence([a, b, c]))
un(R.pack_sequence([c, a, b], enforce_sorted=False))
R.unpad_sequence(torch.arange(12.).reshape(3, 4), torch.tensor([3, 2, 1, 1]))
pk(lengths=[3, 2, 2, 1])
pk(lengths=torch.tensor([3, 2, 2, 1]))
pk(lengths=[4, 2, 1], batch_first=True)
pk(lengths=[1, 2, 2, 3])
pk(lengths=[1, 2, 2, 3], enforce_sorted=False)
pk(lengths=[3, 2, 2])
pk(lengths=[3, 2, 2, 0])
pk(lengths=[3, 2, 2, 5])
R.pad_packed_sequence(R.pack_sequence([a, b, c]))
R.pad_packed_sequence(R.pack_sequence([a, b, c]), total_length=2)
R.pad_packed_sequence(R.pack_sequence([c, a, b], enforce_sorted=False))
R.invert_permutation(torch.tensor([2, 0, 1])), R.invert_permutation(None)
R.pack_sequence([a, b]).to(torch.float64).data.dtype
R.pack_sequence([a, b]).is_cuda
R.pack_sequence([a]).cpu()
R.pack_sequence([a, b]).double(), R.pack_sequence([a, b]).to('cpu')
R.PackedSequence(torch.ones(3), torch.tensor([2, 1]))
R.PackedSequence(torch.ones(3))
# stateless, fusion, init, memory
ST.functional_call(lin(), {'weight': torch.eye(3), 'bias': torch.zeros(3)}, (x,))
torch.func.functional_call(lin(), {'weight': torch.eye(3)}, x)
fuse()
fuse(bias=False)
fl()
U.fuse_conv_bn_eval(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1))
U.skip_init(nn.Linear, 2, 3).weight.shape
U.skip_init(nn.ReLU)
U.convert_conv2d_weight_memory_format(nn.Conv2d(2, 3, 2), torch.channels_last).weight.stride()
nn.init.calculate_gain('relu')
nn.init.calculate_gain('leaky_relu', 0.2)
nn.init.calculate_gain('selu')
nn.init.calculate_gain('tanh')
nn.init.calculate_gain('nothing')
nn.init.calculate_gain('leaky_relu', 'x')
nn.init.xavier_uniform_(torch.empty(2))
nn.init.dirac_(torch.empty(2))
nn.init.dirac_(torch.empty(4, 2, 3), groups=2)
nn.init.eye_(torch.empty(2))
nn.init.orthogonal_(torch.empty(3, 2)), nn.init.orthogonal_(torch.empty(2, 3), gain=2)
nn.init.orthogonal_(torch.empty(3))
nn.init.sparse_(torch.empty(5, 3), 0.4)
nn.init.sparse_(torch.empty(5), 0.4)
nn.init.trunc_normal_(torch.empty(4, 3)), nn.init.trunc_normal_(torch.empty(3), 5.)
nn.init.kaiming_normal_(torch.empty(3, 4), mode='fan_out')
nn.init.kaiming_uniform_(torch.empty(3, 4, 2), a=1)
nn.init.kaiming_normal_(torch.empty(3, 4), mode='x')
nn.init.kaiming_normal_(torch.empty(0, 4))
nn.init.normal(torch.empty(2)), nn.init.xavier_uniform(torch.empty(2, 2))
nn.init.constant_(torch.empty(2, requires_grad=True), 3)
nn.init.ones_(torch.empty(2))
nn.init.zeros_(torch.empty(2))
"""


@pytest.mark.parametrize("source", lines(TABLE))
def test_nn_utils(source: str) -> None:
    assert_agree(source, SETUP)
