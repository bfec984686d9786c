"""``torch.func``: functions that transform functions.

batching.py     tensors with a hidden batch dimension
rules.py        how operations act on them
vmap.py         vmap
levels.py       fresh inputs to differentiate by, and derivatives by them
transforms.py   grad, vjp, jvp, linearize and the Jacobians
modules.py      calling a module with other parameters
"""

from .modules import functional_call, stack_module_state
from .transforms import (
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    linearize,
    vjp,
)
from .vmap import vmap

__all__ = [
    "functional_call", "grad", "grad_and_value", "hessian",
    "jacfwd", "jacrev", "jvp", "linearize", "stack_module_state", "vjp", "vmap",
]  # fmt: skip
