"""``torch.backends.quantized``: no quantized kernels exist here."""

engine = "none"
supported_engines = ["none"]
