"""``torch.linalg``."""

from ..errors import LinAlgError
from .solve import inv, solve

__all__ = ["LinAlgError", "inv", "solve"]
