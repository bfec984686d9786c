"""``torch.amp``: lower precision where it is safe, and gradients scaled so that they survive it."""

from .autocast_mode import autocast, is_autocast_available
from .grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "is_autocast_available"]
