"""``torch.utils.hooks``: what registering a hook returns."""

from ..autograd.node import RemovableHandle
from ..missing import names_of

__all__ = ["RemovableHandle"]

__getattr__ = names_of(__name__)
