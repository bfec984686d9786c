"""The corners of the torch namespace: what a program asks, sets and compares around its tensors."""

from __future__ import annotations

import pytest

from .agree import assert_agree, assert_gradients_agree, lines

SETUP = """
torch.manual_seed(0)
close, T = torch.testing.assert_close, torch.tensor
x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])

def double(v):
    return v * 2
"""
CLOSE = """
close(1.0, 1.0 + 1e-9)
close(1.0, 1.1)
close(1, 1.0)
close(1, 1.0, check_dtype=False)
close(True, False)
close(None, 1)
close("a", "a")
close(float("nan"), float("nan"))
close(float("nan"), float("nan"), equal_nan=True)
close(T([1.0, 2.0, 3.0]), T([1.0, 4.0, 5.0]))
close(T([1.0, 2.0]), T([1.0, 2.0 + 1e-6]))
close(T([1, 2]), T([1, 3]))
close(T(1.0), T(2.0))
close(T([[1.0, 2.0]]), T([[1.0, 2.5]]), rtol=0, atol=0)
close(T([1.0]), T([1.0]), rtol=0)
close(T([1.0]), T([1.0], dtype=torch.float64))
close(T([1.0]), T([1.0], dtype=torch.float64), check_dtype=False)
close(T([1.0]), T([[1.0]]))
close(x, x.t(), check_stride=True)
close(x.t(), x.t().contiguous(), check_stride=True)
close([1.0, T([1.0])], (1.0, T([2.0])))
close({"a": 1.0}, {"a": 1.0, "b": 2.0})
close({"a": [T([1.0])]}, {"a": [T([2.0])]})
close([1], [1, 2])
close(T([1.0]), T([2.0]), msg="other")
close(T([1.0]), T([2.0]), msg=lambda text: "before\\n" + text)
close(T([1.0]), T([float("nan")]))
close(T([1 + 1j]), T([1 + 2j]))
close(T([0.0, 1.0]), T([0.0, 0.0]))
close(x.requires_grad_(), x.detach() + 1)
torch.testing.assert_allclose(1.0, 1.1)
torch.testing.make_tensor((2, 3), dtype=torch.float32, device="cpu")
torch.testing.make_tensor(3, dtype=torch.int64, device="cpu", low=-3, high=4)
torch.testing.make_tensor((2, 2), dtype=torch.complex64, device="cpu", requires_grad=True)
torch.testing.make_tensor((5,), dtype=torch.bool, device="cpu")
torch.testing.make_tensor((5,), dtype=torch.float64, device="cpu", noncontiguous=True)
torch.testing.make_tensor((5,), dtype=torch.int8, device="cpu", exclude_zero=True)
torch.testing.make_tensor((5,), dtype=torch.float64, device="cpu", low=2, high=1)
torch.testing.make_tensor((5,), dtype=torch.int64, device="cpu", requires_grad=True)
"""
QUESTIONS = """
torch.compile(double, disable=True) is double
torch.compile(disable=True)(double) is double
torch.compile(double, mode="a", options={})
torch.compiler.is_compiling()
torch.jit.is_scripting(), torch.jit.is_tracing()
torch.jit.annotate(int, 3)
torch.jit.isinstance([1, 2], list[int]), torch.jit.isinstance([1, "a"], list[int])
torch.jit.ignore(double) is double, torch.jit.unused(double) is double
torch.backends.cudnn.enabled, torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic
torch.backends.cudnn.is_available(), torch.backends.cudnn.version()
torch.backends.mps.is_available(), torch.backends.mps.is_built()
torch.backends.cuda.matmul.allow_tf32, torch.backends.cuda.flash_sdp_enabled()
torch.cuda.get_rng_state_all(), torch.cuda.seed_all(), torch.cuda.memory_reserved()
torch.cuda.current_device()
torch.cuda.get_device_name(0)
torch.cuda.is_bf16_supported()
torch.cuda.amp.autocast()._enabled
torch.cuda.amp.GradScaler().is_enabled()
torch.accelerator.is_available(), torch.accelerator.current_accelerator()
torch.accelerator.synchronize()
torch.mps.is_available(), torch.xpu.is_available(), torch.mtia.is_available()
torch.cpu.is_available(), torch.cpu.device_count(), torch.cpu.current_device()
torch.get_device_module("cpu").__name__.rpartition(".")[2]
torch.get_deterministic_debug_mode()
torch.set_deterministic_debug_mode("x")
torch.sym_int(2.5), torch.sym_max(1, 2.0), torch.sym_not(True), torch.sym_ite(True, 1, 2)
torch.__version__ >= "2.2", torch.__version__ < (3,), torch.__version__ > (2, 1, 5)
torch.types.Number, torch.is_distributed(x)
torch.functional.einsum("ij->i", x)
torch.is_autocast_cpu_enabled()
torch.get_autocast_gpu_dtype()
torch.multiprocessing.get_sharing_strategy()
torch.utils.dlpack.from_dlpack(torch.to_dlpack(x))
torch.solve(x, x)
x.lstsq(x)
torch.eig(x)
torch.frobenius_norm(x, 1)
torch.nuclear_norm(x)
torch.nn.init.constant(torch.ones(2), 3.0)
x.reinforce(1)
x.volatile
x.name, x.grad_dtype, x.is_distributed()
"""
STORAGES = """
x.storage()
x.t().storage().tolist()
x.storage()[1], len(x.storage()), x.storage().dtype, x.storage().nbytes()
x.storage()[5]
x.storage()[0:2]
x.storage().fill_(3.0), x
x.storage().copy_(torch.FloatStorage([9, 8, 7, 6])), x
x.storage().long(), x.storage().half(), x.storage().clone()
x.storage().pickle_storage_type(), x.storage().type()
x.untyped_storage().tolist(), x.untyped_storage()[1:3]
torch.FloatStorage([1, 2]), torch.LongStorage([1, 2]), torch.TypedStorage([1], dtype=torch.int8)
torch.UntypedStorage([1, 2]), torch.UntypedStorage(4).size()
isinstance(x.storage(), torch.FloatStorage), isinstance(x.storage(), torch.LongStorage)
torch.is_storage(x.storage()), torch.is_storage(x.untyped_storage()), torch.is_storage(x)
torch.empty(0).set_(x.storage())
torch.empty(0).set_(x.untyped_storage())
"""
LAYERS_SETUP = """
torch.manual_seed(0)
D = torch.float64
a = torch.randn(3, 2, 4, dtype=D, requires_grad=True)
h, c = (torch.randn(1, 2, 5, dtype=D, requires_grad=True) for _ in range(2))

def weights(gates):
    torch.manual_seed(1)
    sizes = ((gates * 5, 4), (gates * 5, 5), (gates * 5,), (gates * 5,))
    return [torch.randn(s, dtype=D) for s in sizes]

def cell(gates):
    return weights(gates)

packed = torch.nn.utils.rnn.pack_padded_sequence(a, [3, 2])
"""
LAYERS = """
torch.lstm(a, (h, c), weights(4), True, 1, 0.0, False, False, False)
torch.lstm(a.transpose(0, 1), (h, c), weights(4), True, 1, 0.0, False, False, True)
torch.lstm(packed.data, packed.batch_sizes, (h, c), weights(4), True, 1, 0.0, False, False)
torch.gru(a, h, weights(3), True, 1, 0.0, False, False, False)
torch.gru(a, h, weights(3)[:2], False, 1, 0.0, False, False, False)
torch.rnn_tanh(a, h, weights(1), True, 1, 0.0, False, False, False)
torch.rnn_relu(a, h, weights(1), True, 1, 0.0, False, False, False)
torch.lstm_cell(a[0], (h[0], c[0]), *cell(4))
torch.gru_cell(a[0], h[0], *cell(3))
torch.rnn_tanh_cell(a[0], h[0], *cell(1))
torch.rnn_relu_cell(a[0], h[0], *cell(1))
torch.norm_except_dim(a, 2, 0)
torch.norm_except_dim(a, 2, 1)
torch.norm_except_dim(a, 2, 2)
torch.norm_except_dim(a, 2, -1)
"""
LINEAR_IN_THE_INPUT = """
torch.adaptive_max_pool1d(a, 2)
torch.convolution(a, torch.ones(3, 2, 2, dtype=D), None, [1], [0], [1], False, [0], 1)
torch.convolution(a, torch.ones(2, 3, 2, dtype=D), None, [2], [0], [1], True, [1], 1)
torch.ctc_loss(a.log_softmax(2), torch.tensor([[1], [2]]), (3, 3), (1, 1), 0, 1)
torch.native_dropout(a, 0.5, False)
"""


@pytest.mark.parametrize("source", lines(CLOSE) + lines(QUESTIONS))
def test_questions_and_comparisons(source):
    assert_agree(source, SETUP)


@pytest.mark.parametrize("source", lines(STORAGES))
def test_storages(source):
    shown = source if source.startswith("torch.empty") else f"repr({source})"
    assert_agree(shown, SETUP)


@pytest.mark.parametrize("source", lines(LAYERS))
def test_functions_of_networks_under_their_own_signatures(source):
    assert_gradients_agree(source, "(a, h, c)", LAYERS_SETUP, values_only=True)
    values = f"torch.utils._pytree.tree_map(lambda t: t.detach().contiguous(), {source})"
    assert not assert_agree(values, LAYERS_SETUP).failed


@pytest.mark.parametrize("source", lines(LINEAR_IN_THE_INPUT))
def test_functions_without_a_second_derivative(source):
    assert not assert_agree(source, LAYERS_SETUP).failed


def test_switches_keep_what_they_are_set_to():
    setup = """
def run():
    before = torch.backends.cudnn.benchmark
    with torch.backends.cudnn.flags(enabled=True, benchmark=True):
        inside = torch.backends.cudnn.benchmark
    torch.backends.cudnn.deterministic = True
    after = torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic
    torch.backends.cudnn.deterministic = False
    return before, inside, after
"""
    assert_agree("run()", setup)
