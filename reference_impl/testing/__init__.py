"""``torch.testing``: whether values are close, and tensors to test with."""

from ..missing import names_of
from .comparison import assert_allclose, assert_close
from .creation import make_tensor

__all__ = ["assert_allclose", "assert_close", "make_tensor"]

__getattr__ = names_of(__name__)
