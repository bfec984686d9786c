"""``torch.optim``: optimisers and learning-rate schedules."""

from .optimizer import Optimizer
from .sgd import SGD

__all__ = ["SGD", "Optimizer"]
