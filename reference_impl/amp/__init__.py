"""``torch.amp``: lower precision where it is safe, and gradients scaled so that they survive it."""

from .autocast_mode import autocast, is_autocast_available
from .custom import custom_bwd, custom_fwd
from .grad_scaler import GradScaler

__all__ = [
    "GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available",
]  # fmt: skip
