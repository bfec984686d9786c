"""``torch.func``: functions that transform functions.

batching.py     tensors with a hidden batch dimension
rules.py        how operations act on them
vmap.py         vmap
levels.py       fresh inputs to differentiate by, and derivatives by them
reverse.py      grad, grad_and_value and vjp
forward.py      jvp and linearize
jacobians.py    jacrev, jacfwd and hessian
modules.py      calling a module with other parameters
"""

from ..missing import names_of
from .forward import jvp, linearize
from .jacobians import hessian, jacfwd, jacrev
from .modules import functional_call, stack_module_state
from .reverse import grad, grad_and_value, vjp
from .vmap import vmap

__all__ = [
    "functional_call", "grad", "grad_and_value", "hessian",
    "jacfwd", "jacrev", "jvp", "linearize", "stack_module_state", "vjp", "vmap",
]  # fmt: skip

__getattr__ = names_of(__name__)
