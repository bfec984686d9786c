"""A call like an earlier one against the first of its kind: they must not differ in anything."""

from __future__ import annotations

import operator
import warnings

import numpy as np
import pytest

import reference_impl as torch
from reference_impl.op import PUBLIC

UNARY = [
    name
    for name, function in PUBLIC.items()
    if getattr(function, "op", None) is not None
    and function.op.required == 1
    and not name.endswith("_")
    and "copy" not in name
]

CALLS = {
    "a view by its sizes": lambda x, y: x.view(3, 2),
    "a view by a tuple": lambda x, y: x.view((3, 2)),
    "a part of a tuple": lambda x, y: x.split((1, 1))[1],
    "dimensions by keyword": lambda x, y: x.sum(dim=1, keepdim=True),
    "dimensions in a tuple": lambda x, y: x.sum((0, 1)),
    "another dtype": lambda x, y: x.sum(dtype=torch.float64),
    "two results": lambda x, y: x.max(1),
    "a row": lambda x, y: x[1],
    "a diagonal": lambda x, y: x.diagonal(),
    "a matrix product": lambda x, y: x @ y.t(),
    "with an added term": lambda x, y: torch.addmm(x[:, :2], x, y.t(), beta=2.0),
    "a list of tensors": lambda x, y: torch.cat([x, y], dim=1),
    "a list of one that needs no gradient": lambda x, y: torch.stack([y, y.detach()]),
    "a condition": lambda x, y: torch.where(x > y, x, y),
    "integers": lambda x, y: (x > y).sum(0),
    "indices": lambda x, y: x.gather(1, torch.tensor([[0], [1]])),
    "mixed dtypes": lambda x, y: x.double() * y,
    "a number": lambda x, y: x.pow(3),
    "an operation without derivative": lambda x, y: x.argmax(1),
    "an unusual keyword": lambda x, y: torch.softmax(input=x, dim=0),
}  # fmt: skip


IN_PLACE = {
    "a sum": lambda x, y: x.add_(y),
    "a multiple": lambda x, y: x.add_(y, alpha=-0.5),
    "a number": lambda x, y: x.mul_(3),
    "a function": lambda x, y: x.exp_(),
    "itself": lambda x, y: x.mul_(x),
    "its own transpose": lambda x, y: x.view(3, 2).add_(x.t()),
    "what does not fit": lambda x, y: x.add_(torch.ones(2, 2, 3)),
    "what is no number of that kind": lambda x, y: x.long().add_(0.5),
    "part of it": lambda x, y: x[1].copy_(y[0]),
    "every other element": lambda x, y: x[:, ::2].zero_(),
    "an expanded tensor": lambda x, y: x[:1].expand(2, 3).add_(y),
    "an operator": lambda x, y: operator.imul(x, y),
    "what requires grad": lambda x, y: x.add_(y.clone().requires_grad_()),
}  # fmt: skip


def _operands():
    values = np.linspace(0.1, 0.9, 6).reshape(2, 3)
    x = torch.tensor(values.tolist(), requires_grad=True)
    return x, torch.tensor((0.95 - values).tolist())


def _outcome(call):
    """All there is to see of a call: results, nodes, what they save, views, and the gradients."""
    x, y = _operands()
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            out = call(x, y)
    except (RuntimeError, TypeError, NotImplementedError) as error:
        return repr((type(error), str(error)))
    seen = [[str(w.message) for w in warned]]
    results = list(out) if isinstance(out, tuple) else [out]
    for result in results:
        node = result.grad_fn
        seen += [result, result.shape, result.dtype, result.stride(), result._version]
        seen += [result._is_view(), None if node is None else node.name()]
        if node is not None and node.saved:
            seen += [node.next_functions[0][1], node.saved, node.versions, node.shape, node.dtype]
    real = [r for r in results if r.requires_grad]
    if real:
        try:
            seen.append(torch.autograd.grad([r.abs().sum() for r in real], x, allow_unused=True))
        except RuntimeError as error:
            seen.append(str(error))
    return repr(seen)


def _forget():
    for function in PUBLIC.values():
        if getattr(function, "op", None) is not None:
            function.op.calls.clear()
            function.op.calls_in_place.clear()


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_again(call):
    _forget()
    first = _outcome(call)
    assert _outcome(call) == first


@pytest.mark.parametrize("recording", [False, True])
@pytest.mark.parametrize("call", IN_PLACE.values(), ids=IN_PLACE)
def test_in_place_again(call, recording):
    def change(x, y):
        with torch.set_grad_enabled(recording):
            kept = x.detach().clone() if not recording else x * 1
            out = call(kept, y)
            return kept, kept._version, out.detach() if out is not kept else None

    def outcome():
        try:
            return repr(change(*_operands()))
        except (RuntimeError, TypeError) as error:
            return repr((type(error), str(error)))

    _forget()
    first = outcome()
    assert outcome() == first


@pytest.mark.parametrize("name", UNARY)
def test_every_operation_of_one_tensor(name):
    torch.manual_seed(0)
    PUBLIC[name].op.calls.clear()
    first = _outcome(lambda x, y: PUBLIC[name](x))
    torch.manual_seed(0)
    assert _outcome(lambda x, y: PUBLIC[name](x)) == first


def test_the_second_call_takes_the_short_way(monkeypatch):
    x, _ = _operands()
    x.sum(1)
    monkeypatch.setattr("reference_impl.op.call.invoke", None)
    assert x.sum(1).tolist() == x.sum(0 + 1).tolist()


@pytest.mark.parametrize("values", [(1.5, 2), ("a",), (None, 2)])
def test_a_sequence_of_other_things_declines(values):
    x, _ = _operands()
    x.sum((0, 1))
    with pytest.raises(TypeError):
        x.sum(values)


def test_a_call_that_fails_has_the_same_words_as_the_first():
    x, _ = _operands()
    with pytest.raises(IndexError) as first:
        x.sum(5)
    x.sum(1)
    with pytest.raises(IndexError) as second:
        x.sum(5)
    assert str(first.value) == str(second.value)


def test_a_subclass_still_has_its_say():
    class Loud(torch.Tensor):
        pass

    x, _ = _operands()
    x.sum(1)
    assert type(x.detach().as_subclass(Loud).sum(1)) is Loud


def test_an_inference_tensor_cannot_be_saved_the_second_time_either():
    x, _ = _operands()
    with torch.inference_mode():
        y = torch.ones(3, 2)
    torch.mm(x, y.clone())
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        torch.mm(x, y)
