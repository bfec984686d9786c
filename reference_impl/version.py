"""Which PyTorch the reference follows (``torch.version``)."""

from .torch_version import TorchVersion

__version__ = TorchVersion("2.13.0")
cuda = hip = rocm = xpu = None
debug = False
git_version = "Unknown"
