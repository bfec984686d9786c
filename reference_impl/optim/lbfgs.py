"""L-BFGS: a quasi-Newton method that remembers a few past steps.

Source: Nocedal and Wright, Numerical Optimization, algorithms 7.4 (two loops) and 3.5 (line search
for the strong Wolfe conditions), with the interpolation of Schmidt's minFunc.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.grad_mode import enable_grad, no_grad
from ..backend import xp_of
from ..ops.complex import view_as_real
from ..tensor import Tensor, wrap
from .optimizer import Optimizer
from .per_parameter import check_settings, scalar

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """Minimises ``closure()``, which clears the gradients, computes the loss and calls backward.

    One step runs up to `max_iter` iterations on all parameters as one flat vector.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_settings(lr)
        super().__init__(params, {
            "lr": lr, "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change,
            "history_size": history_size, "line_search_fn": line_search_fn,
        })  # fmt: skip
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")
        self._params = self.param_groups[0]["params"]

    @no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Run iterations until the gradient or the change is small; returns the first loss."""
        return _Minimisation(self, enable_grad()(closure)).run()

    def _gradient(self) -> Any:
        """All gradients as one flat array."""
        parts = []
        for p in self._params:
            xp = xp_of(p._data)
            g = xp.zeros_like(p._data) if p._grad is None else p._grad._data
            parts.append((view_as_real(g) if g.dtype.kind == "c" else g).reshape(-1))
        return xp_of(parts[0]).concatenate(parts)

    def _move(self, step: float, direction: Any) -> None:
        """Add `step` times the flat `direction` to the parameters."""
        at = 0
        for p in self._params:
            data = view_as_real(p._data) if p._data.dtype.kind == "c" else p._data
            data += (step * direction[at : at + data.size]).reshape(data.shape)
            at += data.size
            p._counter[0] += 1


class _Minimisation:
    """One call of ``step``: what it carries from one iteration to the next."""

    def __init__(self, optimizer: LBFGS, closure: Callable[[], Any]) -> None:
        self.optimizer, self.closure = optimizer, closure
        self.settings = optimizer.param_groups[0]
        self.state = optimizer.state[optimizer._params[0]]
        self.state.setdefault("func_evals", 0)
        self.state.setdefault("n_iter", 0)
        self.evaluations = 0

    def evaluate(self) -> tuple[float, Any]:
        self.evaluations += 1
        self.state["func_evals"] += 1
        loss = float(self.closure())
        return loss, self.optimizer._gradient()

    def evaluate_at(self, step: float, direction: Any) -> tuple[float, Any]:
        """Loss and gradient a step away, leaving the parameters as they are."""
        before = [p._data.copy() for p in self.optimizer._params]
        self.optimizer._move(step, direction)
        found = self.evaluate()
        for p, data in zip(self.optimizer._params, before, strict=True):
            p._data[...] = data
        return found

    def run(self) -> Any:
        settings, state = self.settings, self.state
        self.evaluations += 1
        state["func_evals"] += 1
        first = self.closure()
        loss, gradient = float(first), self.optimizer._gradient()
        if abs(gradient).max() <= settings["tolerance_grad"]:
            return first
        for iteration in range(1, settings["max_iter"] + 1):
            state["n_iter"] += 1
            direction = self.direction(gradient)
            before, state["prev_flat_grad"] = loss, wrap(gradient.copy())
            state["prev_loss"] = loss
            slope = float(gradient @ direction)
            step = scalar(settings["lr"])
            if state["n_iter"] == 1:
                total = float(abs(gradient).sum())
                step *= min(1.0, 1.0 / total) if total else 1.0
            state["t"] = step
            if slope > -settings["tolerance_change"]:
                break
            found = self.advance(step, direction, loss, gradient, slope, iteration)
            loss, gradient, step = found
            state["t"] = step
            if iteration == settings["max_iter"] or self.finished(gradient):
                break
            change = abs(direction * step).max()
            if min(change, abs(loss - before)) <= settings["tolerance_change"]:
                break
        return first

    def finished(self, gradient: Any) -> bool:
        settings = self.settings
        small = abs(gradient).max() <= settings["tolerance_grad"]
        return bool(small) or self.evaluations >= settings["max_eval"]

    def direction(self, gradient: Any) -> Any:
        """Minus the inverse Hessian, as the past steps estimate it, times the gradient."""
        state = self.state
        if state["n_iter"] == 1:
            state.update(d=wrap(-gradient), old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return -gradient
        change = gradient - state["prev_flat_grad"]._data
        step = state["d"]._data * state["t"]
        curvature = float(change @ step)
        if curvature > 1e-10:
            if len(state["old_dirs"]) == self.settings["history_size"]:
                for name in ("old_dirs", "old_stps", "ro"):
                    state[name].pop(0)
            state["old_dirs"].append(wrap(change))
            state["old_stps"].append(wrap(step))
            state["ro"].append(1.0 / curvature)
            state["H_diag"] = curvature / float(change @ change)
        past = [
            (y._data, s._data, scalar(r))  # a saved state may hold tensors
            for y, s, r in zip(state["old_dirs"], state["old_stps"], state["ro"], strict=True)
        ]
        direction, weights = -gradient, []
        for y, s, r in reversed(past):
            weights.append(float(s @ direction) * r)
            direction = direction - weights[-1] * y
        state["al"] = weights[::-1]
        direction = direction * scalar(state["H_diag"])
        for (y, s, r), weight in zip(past, state["al"], strict=True):
            direction = direction + (weight - float(y @ direction) * r) * s
        state["d"] = wrap(direction)
        return direction

    def advance(
        self, step: float, direction: Any, loss: float, gradient: Any, slope: float, iteration: int
    ) -> tuple[float, Any, float]:
        """Move the parameters; returns the loss and gradient there and the step taken."""
        search = self.settings["line_search_fn"]
        if search is None:
            self.optimizer._move(step, direction)
            if iteration != self.settings["max_iter"]:
                loss, gradient = self.evaluate()
            return loss, gradient, step
        if search != "strong_wolfe":
            raise RuntimeError("only 'strong_wolfe' is supported")
        start = _Point(0.0, loss, gradient, slope)
        longest = self.settings["max_eval"] - self.evaluations
        found = _LineSearch(lambda t: self.evaluate_at(t, direction), direction, start, longest)
        point = found.run(step)
        self.optimizer._move(point.at, direction)
        return point.loss, point.gradient, point.at


class _Point:
    """A point on the line: how far, the loss, the gradient, and the slope along the line."""

    def __init__(self, at: float, loss: float, gradient: Any, slope: float) -> None:
        self.at, self.loss, self.gradient, self.slope = at, loss, gradient, slope


class _LineSearch:
    """Find a step for which the strong Wolfe conditions hold."""

    def __init__(self, evaluate: Any, direction: Any, start: _Point, evaluations: int) -> None:
        self.evaluate, self.direction, self.start = evaluate, direction, start
        self.left = evaluations
        self.reach = float(abs(direction).max())

    def point(self, at: float) -> _Point:
        loss, gradient = self.evaluate(at)
        return _Point(at, loss, gradient, float(gradient @ self.direction))

    def too_high(self, point: _Point) -> bool:
        return point.loss > self.start.loss + 1e-4 * point.at * self.start.slope

    def flat(self, point: _Point) -> bool:
        return abs(point.slope) <= -0.9 * self.start.slope

    def run(self, step: float) -> _Point:
        bracket = self.bracket(step)
        return bracket[0] if len(bracket) == 1 else self.zoom(*bracket)

    def bracket(self, step: float) -> list[_Point]:
        """One point that will do, or two with a good one between them."""
        previous, point = self.start, self.point(step)
        tries = 0
        while tries < self.left:
            if self.too_high(point) or (tries > 1 and point.loss >= previous.loss):
                break
            if self.flat(point):
                return [point]
            if point.slope >= 0:
                break
            bounds = point.at + 0.01 * (point.at - previous.at), point.at * 10
            previous, point = point, self.point(_cubic_minimum(previous, point, bounds))
            tries += 1
        else:
            previous = self.start
        self.left -= tries
        return [previous, point]

    def zoom(self, one: _Point, other: _Point) -> _Point:
        """Shrink the bracket."""
        low, high = (one, other) if one.loss <= other.loss else (other, one)
        stuck = False
        while self.left > 0 and abs(high.at - low.at) * self.reach >= 1e-9:
            least, most = sorted((low.at, high.at))
            at = _cubic_minimum(low, high, (least, most))
            margin = 0.1 * (most - least)
            if min(most - at, at - least) < margin:
                if stuck or at >= most or at <= least:
                    at = most - margin if abs(at - most) < abs(at - least) else least + margin
                    stuck = False
                else:
                    stuck = True
            else:
                stuck = False
            point = self.point(at)
            self.left -= 1
            if self.too_high(point) or point.loss >= low.loss:
                high = point
                if high.loss < low.loss:
                    low, high = high, low
            else:
                if self.flat(point):
                    return point
                if point.slope * (high.at - low.at) >= 0:
                    high = low
                low = point
        return low


def _cubic_minimum(one: _Point, other: _Point, bounds: tuple[float, float]) -> float:
    """The minimum of the cubic through both points with their slopes, kept within `bounds`."""
    d1 = one.slope + other.slope - 3 * (one.loss - other.loss) / (one.at - other.at)
    square = d1**2 - one.slope * other.slope
    if square < 0:
        return (bounds[0] + bounds[1]) / 2.0
    d2 = np.sqrt(square)
    if one.at <= other.at:
        left, right = one, other
    else:
        left, right = other, one
    part = (right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2)
    return float(min(max(right.at - (right.at - left.at) * part, bounds[0]), bounds[1]))
