"""``torch.nn.functional``: the operations of networks, as functions."""

from .linear import linear
from .loss import mse_loss

__all__ = ["linear", "mse_loss"]
