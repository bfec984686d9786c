"""``torch.backends.cpu``: what the processor can do."""


def get_cpu_capability() -> str:
    """``"DEFAULT"``: NumPy finds out for itself which instructions there are."""
    return "DEFAULT"
