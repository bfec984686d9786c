"""Recurrent layers: a cell applied step by step, layer by layer, perhaps in both directions.

The projections of all inputs of a layer are one matrix product; what a step adds is that of the
hidden state.  Packed sequences hold all examples that are still running at each step.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from ...autograd.grad_mode import AUTOCAST, mode
from ...op import PUBLIC
from ...ops.fused import fused
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .linear import _empty
from .module import Module

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNBase", "RNNCell", "RNNCellBase"]

State = tuple[Any, ...]
_GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "GRU": 3, "LSTM": 4}


# ---------------------------------------------------------------- steps


def _plain_step(bend: Callable[[Any], Any]) -> Any:
    def step(inputs: Any, state: State, w_hh: Any, b_hh: Any, w_hr: Any = None) -> State:
        return (bend(F.linear(state[0], w_hh, b_hh) + inputs),)

    return step


def _gru_step(inputs: Any, state: State, w_hh: Any, b_hh: Any, w_hr: Any = None) -> State:
    (hidden,) = state
    from_input = inputs.unsafe_chunk(3, 1)
    from_hidden = F.linear(hidden, w_hh, b_hh).unsafe_chunk(3, 1)
    reset = (from_hidden[0] + from_input[0]).sigmoid()
    keep = (from_hidden[1] + from_input[1]).sigmoid()
    fresh = (from_input[2] + from_hidden[2] * reset).tanh()
    return ((hidden - fresh) * keep + fresh,)


def _lstm_step(inputs: Any, state: State, w_hh: Any, b_hh: Any, w_hr: Any = None) -> State:
    hidden, cell = state
    gates = (F.linear(hidden, w_hh, b_hh) + inputs).unsafe_chunk(4, 1)
    enter, forget, out = (gates[i].sigmoid() for i in (0, 1, 3))
    cell = forget * cell + enter * gates[2].tanh()
    hidden = out * cell.tanh()
    return (hidden if w_hr is None else F.linear(hidden, w_hr), cell)


_STEPS: dict[str, Any] = {
    "RNN_TANH": _plain_step(lambda x: x.tanh()), "RNN_RELU": _plain_step(lambda x: x.relu()),
    "GRU": _gru_step, "LSTM": _lstm_step,
}  # fmt: skip


def _sweep(
    step: Any, inputs: Sequence[Any], start: State, weights: Sequence[Any], reverse: bool
) -> tuple[list[Any], State]:
    """(hidden state after each step, last states); the batch may shrink from step to step."""
    outputs: list[Any] = []
    finished: list[State] = []
    state = start
    if reverse and inputs:
        state = tuple(s[: inputs[-1].shape[0]] for s in start) if _ragged(inputs) else start
    for x in reversed(inputs) if reverse else inputs:
        now, had = x.shape[0], state[0].shape[0]
        if now < had:
            finished.append(tuple(s[now:] for s in state))
            state = tuple(s[:now] for s in state)
        elif now > had:
            state = tuple(
                PUBLIC["cat"]([s, first[had:now]]) for s, first in zip(state, start, strict=True)
            )
        state = step(x, state, *weights)
        outputs.append(state[0])
    if finished:
        parts = [state, *reversed(finished)]
        state = tuple(PUBLIC["cat"]([p[i] for p in parts]) for i in range(len(state)))
    return (outputs[::-1] if reverse else outputs), state


def _ragged(inputs: Sequence[Any]) -> bool:
    return any(x.shape[0] != inputs[0].shape[0] for x in inputs)


@fused("input", "w_ih", "w_hh", "b_ih", "b_hh", "hx", "cx", name="mkldnn_rnn_layer")
def _lstm_layer(input, w_ih, w_hh, b_ih, b_hh, hx, cx, reverse):
    """A layer of an LSTM in one direction as PyTorch has it on CPUs: one node."""
    steps = F.linear(input, w_ih, b_ih).unbind(0)
    outputs, (hidden, cell) = _sweep(_lstm_step, steps, (hx, cx), (w_hh, b_hh), reverse)
    return PUBLIC["stack"](outputs), hidden, cell


# ---------------------------------------------------------------- layers

_NOT_PROJECTED = "LSTM with projections is not supported with oneDNN. Using default implementation."


class RNNBase(Module):
    """What RNN, LSTM and GRU share: parameters by layer and direction, and the walk over them."""

    def __init__(
        self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1,
        bias: bool = True, batch_first: bool = False, dropout: float = 0.0,
        bidirectional: bool = False, proj_size: int = 0, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.mode, self.input_size, self.hidden_size = mode, input_size, hidden_size
        self.num_layers, self.bias, self.batch_first = num_layers, bias, batch_first
        self.dropout, self.bidirectional = float(dropout), bidirectional
        self.proj_size = proj_size
        self._check_settings(dropout)
        gates = _GATES[mode] * hidden_size
        directions = 2 if bidirectional else 1
        real = proj_size or hidden_size
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            for direction in range(directions):
                size = input_size if layer == 0 else real * directions
                shapes: dict[str, tuple[int, ...]] = {
                    "weight_ih": (gates, size),
                    "weight_hh": (gates, real),
                }
                if bias:
                    shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                suffix = f"_l{layer}" + ("_reverse" if direction else "")
                for name, shape in shapes.items():
                    setattr(self, name + suffix, Parameter(_empty(shape, device, dtype)))
                self._all_weights.append([name + suffix for name in shapes])
        self.reset_parameters()

    def _check_settings(self, dropout: Any) -> None:
        if isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an "
                "element being zeroed"
            )
        if dropout > 0 and self.num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero "
                f"dropout expects num_layers greater than 1, but got dropout={dropout} and "
                f"num_layers={self.num_layers}",
                stacklevel=4,
            )
        if not isinstance(self.hidden_size, int):
            raise TypeError(
                f"hidden_size should be of type int, got: {type(self.hidden_size).__name__}"
            )
        if self.hidden_size <= 0:
            raise ValueError("hidden_size must be greater than zero")
        if self.num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if self.proj_size < 0:
            raise ValueError(
                "proj_size should be a positive integer or zero to disable projections"
            )
        if self.proj_size >= self.hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")

    def reset_parameters(self) -> None:
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing to do: parameters need not lie side by side here."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        return [[getattr(self, n) for n in names] for names in self._all_weights]

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        for name, usual in (
            ("proj_size", 0), ("num_layers", 1), ("bias", True), ("batch_first", False),
            ("dropout", 0), ("bidirectional", False),
        ):  # fmt: skip
            if getattr(self, name) != usual:
                parts.append(f"{name}={getattr(self, name)}")
        return ", ".join(parts)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)

    # -------------------------------------------------------- forward

    def _zero_states(self, batch: int, like: Any) -> State:
        rows = self.num_layers * (2 if self.bidirectional else 1)
        real = self.proj_size or self.hidden_size
        sizes = [real, self.hidden_size] if self.mode == "LSTM" else [real]
        zeros = PUBLIC["zeros"]
        return tuple(zeros(rows, batch, n, dtype=like.dtype, device=like.device) for n in sizes)

    def _check_sizes(self, input: Any, states: State, batch: int, packed: bool) -> None:
        own = self.all_weights[0][0].dtype
        if input.dtype is not own and not mode.state & AUTOCAST:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({own}). Convert "
                f"input: input.to({own}), or convert model: model.to({input.dtype})"
            )
        if not packed and input.ndim not in (2, 3):
            raise RuntimeError(f"input must have {2 if packed else 3} dimensions, got {input.ndim}")
        if self.input_size != input.shape[-1]:
            raise RuntimeError(
                "input.size(-1) must be equal to input_size. Expected "
                f"{self.input_size}, got {input.shape[-1]}"
            )
        rows = self.num_layers * (2 if self.bidirectional else 1)
        sizes = [self.proj_size or self.hidden_size, self.hidden_size]
        for state, size, n in zip(states, sizes, ("hidden[0]", "hidden[1]"), strict=False):
            name = n if self.mode == "LSTM" else "hidden"
            if tuple(state.shape) != (rows, batch, size):
                raise RuntimeError(
                    f"Expected {name} size {(rows, batch, size)}, got {list(state.shape)}"
                )

    def forward(self, input: Any, hx: Any = None) -> Any:
        """(output of the last layer at each step, last states of all layers)."""
        from ..utils.rnn import PackedSequence

        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        if input.ndim not in (2, 3):
            raise ValueError(
                f"{type(self).__name__}: Expected input to be 2D or 3D, got {input.ndim}D instead"
            )
        batched = input.ndim == 3
        if not batched:
            input = input.unsqueeze(0 if self.batch_first else 1)
        batch = input.shape[0 if self.batch_first else 1]
        states = self._given_states(hx, batched, batch, input)
        self._check_sizes(input, states, batch, False)
        steps = input.transpose(0, 1) if self.batch_first else input
        if self.proj_size and input.is_cpu and input.dtype.name == "float32":
            warnings.warn(_NOT_PROJECTED, stacklevel=3)
        out, states = self._layers(steps, None, states)
        out = out.transpose(0, 1) if self.batch_first else out
        if not batched:
            out = out.squeeze(0 if self.batch_first else 1)
            states = tuple(s.squeeze(1) for s in states)
        return out, states if self.mode == "LSTM" else states[0]

    def _given_states(self, hx: Any, batched: bool, batch: int, input: Any) -> State:
        if hx is None:
            return self._zero_states(batch, input)
        states = (hx[0], hx[1]) if self.mode == "LSTM" else (hx,)
        wanted = 3 if batched else 2
        if any(s.ndim != wanted for s in states):
            kind = "batched 3-D" if batched else "unbatched 2-D"
            dims = ", ".join(f"{s.ndim}-D" for s in states)
            if self.mode == "LSTM":
                raise RuntimeError(
                    f"For {kind} input, hx and cx should also be {wanted}-D but got ({dims}) "
                    "tensors"
                )
            raise RuntimeError(
                f"For {kind} input, hx should also be {wanted}-D but got {dims} tensor"
            )
        return states if batched else tuple(s.unsqueeze(1) for s in states)

    def _forward_packed(self, packed: Any, hx: Any) -> Any:
        from ..utils.rnn import PackedSequence

        sizes = packed.batch_sizes.tolist()
        batch = sizes[0]
        if hx is None:
            states = self._zero_states(batch, packed.data)
        else:
            states = tuple(hx) if self.mode == "LSTM" else (hx,)
            states = tuple(_permuted(s, packed.sorted_indices) for s in states)
        self._check_sizes(packed.data, states, batch, True)
        out, states = self._layers(packed.data, sizes, states)
        states = tuple(_permuted(s, packed.unsorted_indices) for s in states)
        made = PackedSequence(
            out, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices
        )
        return made, states if self.mode == "LSTM" else states[0]

    def _layers(self, x: Any, sizes: Any, states: State) -> tuple[Any, State]:
        """All layers; `x` is (steps, batch, features), or packed rows with their `sizes`."""
        directions = 2 if self.bidirectional else 1
        split = [s.unbind(0) for s in states]
        last: list[State] = []
        for layer in range(self.num_layers):
            outs = []
            for direction in range(directions):
                at = layer * directions + direction
                start = tuple(s[at] for s in split)
                out, final = self._one(x, sizes, start, self.all_weights[at], bool(direction))
                outs.append(out)
                last.append(final)
            x = outs[0] if directions == 1 else PUBLIC["cat"](outs, x.ndim - 1)
            if self.dropout and self.training and layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout)
        return x, tuple(PUBLIC["stack"]([f[i] for f in last]) for i in range(len(states)))

    def _one(
        self, x: Any, sizes: Any, start: State, weights: Sequence[Any], reverse: bool
    ) -> tuple[Any, State]:
        """One layer in one direction."""
        w_ih, w_hh, *rest = weights
        b_ih, b_hh = rest[:2] if self.bias else (None, None)
        w_hr = rest[-1] if self.proj_size else None
        whole = self.mode == "LSTM" and sizes is None and w_hr is None
        if whole and x.dtype.name == "float32" and x.is_cpu:
            out, *final = _lstm_layer(x, w_ih, w_hh, b_ih, b_hh, *start, reverse)
            return out, tuple(final)
        projected = F.linear(x, w_ih, b_ih)
        steps = projected.unbind(0) if sizes is None else projected.split(sizes)
        tail = (w_hh, b_hh, w_hr)
        outputs, final = _sweep(_STEPS[self.mode], list(steps), start, tail, reverse)
        join = PUBLIC["stack"] if sizes is None else PUBLIC["cat"]
        return join(outputs), final


def _permuted(state: Any, order: Any) -> Any:
    return state if order is None else state.index_select(1, order)


class RNN(RNNBase):
    """h ← tanh(W_ih x + b_ih + W_hh h + b_hh), or relu."""

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh",
        bias: bool = True, batch_first: bool = False, dropout: float = 0.0,
        bidirectional: bool = False, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        self_mode = "RNN_" + nonlinearity.upper()
        super().__init__(
            self_mode, input_size, hidden_size, num_layers, bias, batch_first, dropout,
            bidirectional, 0, device, dtype,
        )  # fmt: skip
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory (Hochreiter & Schmidhuber 1997)."""

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
        proj_size: int = 0, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout,
            bidirectional, proj_size, device, dtype,
        )  # fmt: skip


class GRU(RNNBase):
    """Gated recurrent units (Cho et al. 2014)."""

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(
            "GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
            0, device, dtype,
        )  # fmt: skip


# ---------------------------------------------------------------- cells


class RNNCellBase(Module):
    """One step of a recurrent layer."""

    _states = 1

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(_empty((rows, input_size), device, dtype))
        self.weight_hh = Parameter(_empty((rows, hidden_size), device, dtype))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(_empty(rows, device, dtype)) if bias else None)
        bound = 1.0 / math.sqrt(hidden_size) if hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        if not self.bias:
            parts.append(f"bias={self.bias}")
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            parts.append(f"nonlinearity={self.nonlinearity}")
        return ", ".join(parts)

    def _step(self, step: Any, input: Any, hx: Any) -> State:
        name = type(self).__name__
        if input.ndim not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.ndim}D instead")
        batched = input.ndim == 2
        x = input if batched else input.unsqueeze(0)
        if x.shape[1] != self.input_size:
            raise RuntimeError(
                f"input has inconsistent input_size: got {x.shape[1]} expected {self.input_size}"
            )
        if hx is None:
            size = (x.shape[0], self.hidden_size)
            zeros = PUBLIC["zeros"](*size, dtype=x.dtype, device=x.device)
            states = (zeros,) * self._states
        else:
            states = tuple(hx) if self._states == 2 else (hx,)
            if any(s.ndim not in (1, 2) for s in states):
                raise ValueError(
                    f"{name}: Expected hidden to be 1D or 2D, got {states[0].ndim}D instead"
                )
            states = states if batched else tuple(s.unsqueeze(0) for s in states)
            for i, state in enumerate(states):
                if state.shape[0] != x.shape[0]:
                    raise RuntimeError(
                        f"Input batch size {x.shape[0]} doesn't match hidden{i} batch size "
                        f"{state.shape[0]}"
                    )
                if state.shape[1] != self.hidden_size:
                    raise RuntimeError(
                        f"hidden{i} has inconsistent hidden_size: got {state.shape[1]}, expected "
                        f"{self.hidden_size}"
                    )
        projected = F.linear(x, self.weight_ih, self.bias_ih)
        out = step(projected, states, self.weight_hh, self.bias_hh)
        return out if batched else tuple(s.squeeze(0) for s in out)


class RNNCell(RNNCellBase):
    """One step of an ``RNN``."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh",
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> Any:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._step(_STEPS[f"RNN_{self.nonlinearity.upper()}"], input, hx)[0]


class LSTMCell(RNNCellBase):
    """One step of an ``LSTM``: (hidden, cell)."""

    _states = 2

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._step(_lstm_step, input, hx)


class GRUCell(RNNCellBase):
    """One step of a ``GRU``."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._step(_gru_step, input, hx)[0]
