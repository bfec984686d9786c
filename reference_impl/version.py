"""Which PyTorch the reference follows (``torch.version``)."""

__version__ = "2.13.0"
cuda = hip = xpu = None
debug = False
