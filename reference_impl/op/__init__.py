"""How an operation is declared, and what calling one does.

    @pointwise(self=lambda grad, other: grad * conj(other),
               other=lambda grad, self: grad * conj(self))
    def mul(xp, self, other):
        return xp.multiply(self, other)

The function computes on bare arrays; `xp` is numpy or cupy.  Each keyword names an argument that
can be differentiated and gives its rule.  A rule's first parameter is the gradient of the result
(``grads``, a list, when there are several results); its other parameters are what the node saves:

    an argument by name        ``other``: the tensor (guarded by its version) or the plain value
    ``result``, ``result1``    an output
    ``self_shape``             metadata alone, so that no array is kept alive for it
    ``self_dtype``             likewise, a NumPy dtype
    ``self_strides``           likewise, in bytes
    ``self_geometry``          likewise, (shape, strides, storage offset), counted in elements

Where several arguments share work, or the argument is a list of tensors, ``joint=(names, rule)``
declares one rule that returns all gradients (for a list one each); it may ask for ``needs``, which
says of each whether it is wanted.  Only what the rules that will run read is saved.

One rule, two readings: the engine hands it bare arrays in an ordinary backward pass, and Tensors
under ``create_graph``.  So rules use operators and this package's operations, which compute on
bare arrays when they are given bare arrays and record when they are given Tensors.

The decorator is the *family*, which is all the other metadata there is:

    pointwise   promotes dtypes, broadcasts, has in-place and ``out=`` forms
    reduction   takes ``dim`` and ``keepdim``; rules see `dim` as a tuple of non-negative ints
    view        the result aliases its first argument and is replayed after a change of the base
    op          anything else
    composite   built from other operations; has no node of its own
"""

from ..tensor import PLAIN
from .call import compute_arrays, invoke, overridden, store, tensors_in
from .declaration import NOT_IMPLEMENTED, Op, with_history
from .families import (
    PUBLIC,
    check_tensors,
    composite,
    normalise_dims,
    op,
    pointwise,
    promote_operands,
    publish,
    reduction,
    view,
    wrap_dim,
)

__all__ = [
    "NOT_IMPLEMENTED", "PLAIN", "PUBLIC", "Op", "check_tensors", "composite", "compute_arrays",
    "invoke", "normalise_dims", "op", "overridden", "pointwise", "promote_operands", "publish",
    "reduction", "store", "tensors_in", "view", "with_history", "wrap_dim",
]  # fmt: skip
