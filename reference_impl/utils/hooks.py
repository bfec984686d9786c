"""``torch.utils.hooks``: what registering a hook returns."""

from ..autograd.node import RemovableHandle

__all__ = ["RemovableHandle"]
