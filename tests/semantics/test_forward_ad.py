"""Forward mode: what a Function's ``jvp`` may answer, and tangents of what is changed in place."""

from __future__ import annotations

import pytest

# PyTorch loads its own forward-mode rules at the first use, by means of its old compiler.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")


def pushed(torch, forward, jvp, *others, prepare=lambda dual: dual):
    """The tangents of a Function's outputs at a vector whose tangent is ones."""

    class Pushed(torch.autograd.Function):
        pass

    Pushed.forward, Pushed.jvp = staticmethod(forward), staticmethod(jvp)
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        dual = prepare(forward_ad.make_dual(torch.tensor([1.0, 2.0, 3.0]), torch.ones(3)))
        outputs = Pushed.apply(dual, *others)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        tangents = [forward_ad.unpack_dual(out).tangent for out in outputs]
    return [None if t is None else t.tolist() for t in tangents]


def doubled_in_place(ctx, x):
    x.mul_(2)
    ctx.mark_dirty(x)
    return x


def first_two(ctx, x):
    return x.narrow(0, 0, 2)


def test_a_function_in_place_changes_the_tangent_in_place(torch):
    assert pushed(torch, doubled_in_place, lambda ctx, t: t.mul_(2)) == [[2, 2, 2]]
    for jvp in (lambda ctx, t: t * 2, lambda ctx, t: t, lambda ctx, t: None):
        with pytest.raises(RuntimeError, match="is not modifying the forward mode gradients"):
            pushed(torch, doubled_in_place, jvp)


def test_the_tangent_of_an_input_returned_as_it_is_is_a_view(torch):
    assert pushed(torch, lambda ctx, x: x, lambda ctx, t: t.view_as(t)) == [[1, 1, 1]]
    for jvp in (lambda ctx, t: t, lambda ctx, t: t * 2):
        with pytest.raises(RuntimeError, match="but the jvp is not returning a view"):
            pushed(torch, lambda ctx, x: x, jvp)


def test_the_tangent_of_a_view_is_a_view_of_the_tangent(torch):
    def of_copy(ctx, t):
        copy = t.narrow(0, 0, 2).clone()
        return copy.view_as(copy)

    def view(dual):
        return dual.view_as(dual)

    def narrow(ctx, t):
        return t.narrow(0, 0, 2)

    assert pushed(torch, first_two, narrow) == [[1, 1]]
    assert pushed(torch, first_two, narrow, prepare=view) == [[1, 1]]
    with pytest.raises(RuntimeError, match=r"jvp is not returning a view\."):
        pushed(torch, first_two, lambda ctx, t: narrow(ctx, t).clone())
    with pytest.raises(RuntimeError, match="not returning a view of the given grad input"):
        pushed(torch, first_two, of_copy)
    with pytest.raises(RuntimeError, match="a view of the same base as the given grad input"):
        pushed(torch, first_two, of_copy, prepare=view)


@pytest.mark.parametrize("integers", [True, False])
def test_an_output_without_a_derivative_has_no_tangent(torch, integers):
    def forward(ctx, x, y):
        other = y.clone()
        if not integers:
            ctx.mark_non_differentiable(other)
        return x.clone(), other

    y = torch.ones(3, dtype=torch.long if integers else torch.float)
    assert pushed(torch, forward, lambda ctx, a, b: (a, None), y) == [[1, 1, 1], None]
    with pytest.raises(RuntimeError, match="You should return None at that position instead"):
        pushed(torch, forward, lambda ctx, a, b: (a, a.clone()), y)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda t: (t, t), r"invalid number of forward gradients \(expected 1 but got 2\)"),
        (lambda t: 3.0, r"expected Variable or None \(got float\) for grad output 0"),
        (lambda t: t[:2], r"of size \[3\] while the given forward gradient is of size \[2\]"),
    ],
)
def test_jvp_answers_one_fitting_tangent_an_output(torch, answer, message):
    with pytest.raises(RuntimeError, match=message):
        pushed(torch, lambda ctx, x: x.clone(), lambda ctx, t: answer(t))


def test_jvp_sees_what_was_saved_for_forward_alone(torch):
    seen = []

    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clone()

    def jvp(ctx, t):
        seen.append(ctx.saved_tensors)
        return t

    pushed(torch, forward, jvp)
    assert seen == [()]


def test_views_see_the_tangent_that_their_base_is_given_in_place(torch):
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        base = forward_ad.make_dual(torch.zeros(3), torch.ones(3))
        view = base[:2]
        base.copy_(forward_ad.make_dual(torch.ones(3), torch.tensor([1.0, 2.0, 3.0])))
        assert forward_ad.unpack_dual(base).tangent.tolist() == [1, 2, 3]
        assert forward_ad.unpack_dual(view).tangent.tolist() == [1, 2]


def test_a_tangent_has_no_tangent_of_its_level(torch):
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(torch.ones(2), torch.ones(2))
        with pytest.raises(RuntimeError, match="Setting a forward grad that itself has a forward"):
            forward_ad.make_dual(torch.ones(2), dual)


def test_out_has_no_forward_mode(torch):
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(torch.ones(2), torch.ones(2))
        for self, out in ((dual, torch.ones(2)), (torch.ones(2), dual)):
            with pytest.raises(NotImplementedError, match="Trying to use forward AD with add_out"):
                torch.add(self, 1, out=out)
