"""Who runs the blocks."""

NAMES = ("torch-cpu", "torch-cuda", "numpy", "cupy")
